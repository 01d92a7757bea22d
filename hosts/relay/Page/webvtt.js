// @ts-check
/** WebVTT: the cues of one segment (W3C WebVTT; RFC 8216, 3.5 for where its clock stands). */

const Timing = /^\s*((?:\d+:)?\d{2}:\d{2}\.\d{3})\s+-->\s+((?:\d+:)?\d{2}:\d{2}\.\d{3})(?:\s+(.*))?$/;

/**
 * @param {string} text
 * @param {number} offset seconds that are added to the media's time
 * @returns {VTTCue[]}
 */
export function readWebVtt(text, offset) {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (!/^WEBVTT(?:[ \t].*)?$/.test(lines[0] ?? '')) return [];
  let shift = offset;
  /** @type {VTTCue[]} */
  const cues = [];
  for (let i = 1; i < lines.length; i++) {
    const map = /^X-TIMESTAMP-MAP=(.*)$/.exec(lines[i]);
    if (map && cues.length === 0) shift = offset + clockOf(map[1]);
    const timing = Timing.exec(lines[i]);
    if (!timing) continue;
    const start = i + 1;
    while (i + 1 < lines.length && lines[i + 1] !== '') i++;
    const cue = new VTTCue(Math.max(0, seconds(timing[1]) + shift), seconds(timing[2]) + shift, lines.slice(start, i + 1).join('\n'));
    placeCue(cue, timing[3] ?? '');
    if (cue.endTime > cue.startTime) cues.push(cue);
  }

  return cues;
}

/** @param {string} text of X-TIMESTAMP-MAP @returns {number} seconds between the clock of cues and that of the media */
function clockOf(text) {
  const ticks = /MPEGTS:(\d+)/.exec(text)?.[1], local = /LOCAL:((?:\d+:)?\d{2}:\d{2}\.\d{3})/.exec(text)?.[1];
  return (ticks === undefined ? 0 : Number(ticks) / 90_000) - (local === undefined ? 0 : seconds(local));
}

/** @param {string} stamp */
function seconds(stamp) {
  return stamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** @param {VTTCue} cue @param {string} settings */
export function placeCue(cue, settings) {
  for (const setting of settings.split(/\s+/)) {
    const [name, value = ''] = setting.split(':'), number = Number.parseFloat(value);
    try {
      if (name === 'vertical' && (value === 'rl' || value === 'lr')) cue.vertical = value;
      else if (name === 'align' && /^(start|center|end|left|right)$/.test(value)) cue.align = /** @type {AlignSetting} */ (value);
      else if (name === 'size' && number >= 0) cue.size = Math.min(100, number);
      else if (name === 'position' && number >= 0) cue.position = Math.min(100, number);
      else if (name === 'line' && Number.isFinite(number)) {
        cue.snapToLines = !value.includes('%');
        cue.line = number;
      }
    } catch {
      // A place that the browser does not take: the cue is shown where cues are.
    }
  }
}
