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
