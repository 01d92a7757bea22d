// @ts-check
/** Numbers as people read them. */

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** @param {number} bitsASecond */
export function rate(bitsASecond) {
  return bitsASecond >= 1e6 ? `${(bitsASecond / 1e6).toFixed(1)} Mb/s` : `${Math.round(bitsASecond / 1e3)} kb/s`;
}

/** @param {number} seconds as 1:02:03 */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.floor(Math.abs(seconds)), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = String(whole % 60).padStart(2, '0');
  const text = h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
  return seconds <= -1 ? `−${text}` : text;
}

/** @param {number} seconds left; as 59:12, or 3 d 4 h */
export function left(seconds) {
  if (seconds <= 0) return 'over';
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
  return clock(seconds);
}

/** @param {string} id a key id, short enough to be told apart */
export function shortKey(id) {
  return id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id;
}

/** @param {number} unixSeconds */
export function timeOfDay(unixSeconds) {
  return new Date(unixSeconds * 1000).toLocaleTimeString([], { hour12: false });
}

/** @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {string} words `outputRestricted` as output restricted */
export function spaced(words) {
  return words.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`).replaceAll('-', ' ');
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const Systems = /** @type {Record<string, string>} */ ({ clearkey: 'ClearKey', widevine: 'Widevine', playready: 'PlayReady', common: 'Common', fairplay: 'FairPlay', identity: 'Key file' });

/** @param {string} word @returns {string} a key system as its makers write it */
export function systemName(word) {
  return Systems[word] ?? word;
}

/** @param {string} place a path in a manifest or file, by its ends: what lies between is the same for many */
export function shortPlace(place) {
  const parts = place.split('/').filter(Boolean);
  return parts.length > 4 ? `${parts[0]} … ${parts.slice(-3).join('/')}` : place;
}

/** @param {string} source @returns {string} the end of an address or path, which tells it from others */
export function shortSource(source) {
  const parts = source.split('/');
  return source.length > 60 && parts.length > 4 ? `…/${parts.slice(-3).join('/')}` : source;
}

/** @param {string | undefined} text pictures a second, as a number or a fraction */
export function frameRate(text) {
  const [whole, parts = '1'] = (text ?? '').split('/'), value = Number(whole) / Number(parts);
  return value > 0 && Number.isFinite(value) ? Math.round(value * 1000) / 1000 : null;
}
