// @ts-check
/** Text in MP4: WebVTT (`wvtt`) and TTML (`stpp`) of fragments (ISO/IEC 14496-30), as cues. */

import { placeCue } from './webvtt.js';

/** @typedef {{ type: string, start: number, end: number }} Box */

/** Samples of one fragment that are read: a fragment of text has a few. */
const MostSamples = 10_000;

/**
 * @param {DataView} view
 * @param {number} from
 * @param {number} until
 * @returns {Box[]} the boxes of a range, without their headers; what does not fit is left out
 */
function boxes(view, from, until) {
  const all = [];
  for (let at = from; at + 8 <= until;) {
    let size = view.getUint32(at), header = 8;
    if (size === 1 && at + 16 <= until) {
      size = Number(view.getBigUint64(at + 8));
      header = 16;
    } else if (size === 0) {
      size = until - at;
    }

    if (size < header || at + size > until) break;
    all.push({ type: fourCharacters(view, at + 4), start: at + header, end: at + size });
    at += size;
  }

  return all;
}

/** @param {DataView} view @param {Box} box @param {string[]} path @returns {Box | undefined} */
function find(view, box, ...path) {
  /** @type {Box | undefined} */
  let found = box;
  for (const type of path) found = found && boxes(view, found.start, found.end).find((child) => child.type === type);
  return found;
}

/** @param {DataView} view @param {number} at */
function fourCharacters(view, at) {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

/** @param {ArrayBuffer} init @returns {number} ticks a second; 0: it does not say */
export function timescaleOf(init) {
  const view = new DataView(init), header = find(view, { type: '', start: 0, end: view.byteLength }, 'moov', 'trak', 'mdia', 'mdhd');
  if (!header || header.end - header.start < 20) return 0;
  return view.getUint32(header.start + (view.getUint8(header.start) === 1 ? 20 : 12));
}

/**
 * @param {ArrayBuffer} segment
 * @param {number} timescale
 * @param {string} codecs
 * @param {number} offset seconds that are added to the media's time
 * @returns {VTTCue[]}
 */
export function readTextSegment(segment, timescale, codecs, offset) {
  const view = new DataView(segment), cues = [];
  if (timescale <= 0) return [];
  try {
    for (const { time, duration, start, end } of samples(view)) {
      const from = time / timescale + offset, until = (time + duration) / timescale + offset;
      if (codecs.startsWith('wvtt')) cues.push(...webVtt(view, start, end, from, until));
      else cues.push(...timedText(new TextDecoder().decode(segment.slice(start, end)), offset));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;   // a fragment that ends before what it promises: what was read is shown
  }

  return cues;
}

/** @param {DataView} view */
function* samples(view) {
  const top = boxes(view, 0, view.byteLength);
  for (const moof of top.filter(({ type }) => type === 'moof')) {
    const traf = find(view, moof, 'traf'), tfhd = traf && find(view, traf, 'tfhd'), run = traf && find(view, traf, 'trun'), tfdt = traf && find(view, traf, 'tfdt'), mdat = top.find(({ type, start }) => type === 'mdat' && start > moof.end);
    if (!tfhd || !run || !mdat) continue;
    const defaults = headerOf(view, tfhd), flags = view.getUint32(run.start) & 0xffffff, count = Math.min(view.getUint32(run.start + 4), MostSamples);
    let time = tfdt ? view.getUint8(tfdt.start) === 1 ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4) : 0;
    let at = run.start + 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0), start = mdat.start;
    for (let i = 0; i < count; i++) {
      let { duration, size } = defaults;
      if (flags & 0x100) { duration = view.getUint32(at); at += 4; }
      if (flags & 0x200) { size = view.getUint32(at); at += 4; }
      if (flags & 0x400) at += 4;
      if (flags & 0x800) at += 4;
      if (start + size > mdat.end) return;
      yield { time, duration, start, end: start + size };
      time += duration;
      start += size;
    }
  }
}

/** @param {DataView} view @param {Box} tfhd */
function headerOf(view, tfhd) {
  const flags = view.getUint32(tfhd.start) & 0xffffff;
  let at = tfhd.start + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0), duration = 0, size = 0;
  if (flags & 8) { duration = view.getUint32(at); at += 4; }
  if (flags & 16) size = view.getUint32(at);
  return { duration, size };
}

/** @param {DataView} view @param {number} start @param {number} end @param {number} from @param {number} until */
function webVtt(view, start, end, from, until) {
  const decode = (/** @type {Box | undefined} */ box) => (box ? new TextDecoder().decode(new Uint8Array(view.buffer, box.start, box.end - box.start)) : '');
  return boxes(view, start, end).filter(({ type }) => type === 'vttc').map((entry) => {
    const cue = new VTTCue(Math.max(0, from), until, decode(find(view, entry, 'payl')));
    placeCue(cue, decode(find(view, entry, 'sttg')));
    return cue;
  });
}

/** @param {string} text @param {number} offset @returns {VTTCue[]} what a document says, without its layout */
function timedText(text, offset) {
  const tree = new DOMParser().parseFromString(text, 'application/xml'), root = tree.documentElement;
  if (root.localName !== 'tt') return [];
  const parameter = (/** @type {string} */ name) => [...root.attributes].find((attribute) => attribute.localName === name)?.value;
  const frames = Number(parameter('frameRate')) || 30, ticks = Number(parameter('tickRate')) || 1;
  /** @type {VTTCue[]} */
  const cues = [];
  for (const paragraph of tree.getElementsByTagNameNS('*', 'p')) {
    const begin = timeOf(paragraph, 'begin', frames, ticks), end = timeOf(paragraph, 'end', frames, ticks), length = timeOf(paragraph, 'dur', frames, ticks);
    const from = begin ?? 0, until = end ?? (length === null ? null : from + length);
    const words = textOf(paragraph).trim();
    if (until === null || until <= from || words === '') continue;
    cues.push(new VTTCue(Math.max(0, from + offset), until + offset, words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')));
  }

  return cues;
}

/** @param {Node} node @returns {string} */
function textOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return (node.nodeValue ?? '').replace(/\s+/g, ' ');
  return node instanceof Element && node.localName === 'br' ? '\n' : [...node.childNodes].map(textOf).join('');
}

/** @param {Element} element @param {string} name @param {number} frames @param {number} ticks @returns {number | null} seconds (TTML2, 12.3.1) */
function timeOf(element, name, frames, ticks) {
  const text = element.getAttribute(name) ?? '';
  const clock = /^(\d+):(\d{2}):(\d{2}(?:\.\d+)?)(?::(\d+))?$/.exec(text);
  if (clock) return Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]) + Number(clock[4] ?? 0) / frames;
  const count = /^(\d+(?:\.\d+)?)(h|m|s|ms|f|t)$/.exec(text);
  return count ? Number(count[1]) * { h: 3600, m: 60, s: 1, ms: 0.001, f: 1 / frames, t: 1 / ticks }[/** @type {'h' | 'm' | 's' | 'ms' | 'f' | 't'} */ (count[2])] : null;
}
