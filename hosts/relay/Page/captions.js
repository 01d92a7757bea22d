// @ts-check
/** Captions: cues of the chosen text track, fetched a little ahead and shown by the browser. */

import { announce, get } from './dom.js';
import { fill } from './controls.js';
import { fetchSegment } from './fetching.js';
import { nameOf } from './player.js';
import { readTextSegment, timescaleOf } from './mp4text.js';
import { readWebVtt } from './webvtt.js';

/** @typedef {import('./types.js').Track} Track */

/** Seconds ahead that cues are fetched, and behind that they are kept. */
const Ahead = 30, Behind = 60;

/** @param {Track} track @returns {boolean} whether its text is in MP4 */
function isBoxed(track) {
  return track.media !== 'file' && Boolean(track.init) && /^(wvtt|stpp)/.test(track.codecs);
}

/** @param {Track} track */
function isReadable(track) {
  return track.media === 'vtt' || (track.media === 'file' && track.mime === 'text/vtt') || isBoxed(track);
}

/** @param {import('./player.js').Player} player */
export function startCaptions(player) {
  const { video } = player, select = /** @type {HTMLSelectElement} */ (get('captions'));
  const shown = video.addTextTrack('captions', 'captions', '');
  let chosen = '', last = '';
  /** @type {Set<string>} segments whose cues are there, or on their way */
  let fetched = new Set();
  /** @type {Map<string, number>} by the address of an initialisation segment */
  const timescales = new Map();
  shown.mode = 'hidden';
  select.addEventListener('change', () => choose(select.value));
  setInterval(() => void fillUp(), 1000);

  /** @returns {Track[]} */
  function tracks() {
    return player.timeline.periodAt(player.position)?.tracks.filter((track) => track.kind === 'text' && !track.refused && isReadable(track)) ?? [];
  }

  /** @param {string} name */
  function choose(name) {
    chosen = name;
    if (name !== '') last = name;
    fetched = new Set();
    for (const cue of [...shown.cues ?? []]) shown.removeCue(cue);
    shown.mode = name === '' ? 'hidden' : 'showing';
    announce(name === '' ? 'Captions off' : `Captions: ${name}`);
    void fillUp();
  }

  async function fillUp() {
    if (chosen === '') return;
    const track = tracks().find((track) => nameOf(track) === chosen), now = player.position;
    if (!track) return;
    try {
      if (!track.file) await track.segments.reach(now + Ahead, player.timeline);
      const near = track.file ? [track.file] : track.segments.rows.filter(({ start, duration }) => start < now + Ahead && start + duration > now - 5).map(({ address }) => address);
      await Promise.all(near.filter((address) => !fetched.has(address)).map(async (address) => {
        const mine = fetched;
        mine.add(address);
        try {
          const { bytes } = await fetchSegment(address, player.ending.signal, () => {});
          if (fetched !== mine) return;   // another track was chosen in the meantime
          const cues = isBoxed(track) ? readTextSegment(bytes, await timescale(track), track.codecs, track.offset) : readWebVtt(new TextDecoder().decode(bytes), track.offset);
          for (const cue of cues) add(cue);
        } catch {
          mine.delete(address);   // it is tried again
        }
      }));
    } catch {
      // The list does not come: captions are no reason to stop.
    }

    for (const cue of [...shown.cues ?? []]) if (cue.endTime < now - Behind) shown.removeCue(cue);
  }

  /** @param {Track} track @returns {Promise<number>} ticks a second */
  async function timescale({ init }) {
    if (!init) return 0;
    if (!timescales.has(init)) timescales.set(init, timescaleOf((await fetchSegment(init, player.ending.signal, () => {})).bytes));
    return timescales.get(init) ?? 0;
  }

  /** @param {VTTCue} cue */
  function add(cue) {
    // A cue that goes on over the end of a segment is in the next one as well.
    const isThere = [...shown.cues ?? []].some((other) => other.startTime === cue.startTime && /** @type {VTTCue} */ (other).text === cue.text);
    if (!isThere) shown.addCue(cue);
  }

  return {
    show() {
      const names = [...new Set(tracks().map(nameOf))];
      fill(select, [['', names.length > 0 ? 'Off' : 'None'], ...names.map((name) => [name, name])], chosen);
      select.disabled = names.length === 0;
    },
    toggle() {
      const names = tracks().map(nameOf);
      if (names.length > 0) choose(chosen !== '' ? '' : names.includes(last) ? last : names[0]);
    },
  };
}
