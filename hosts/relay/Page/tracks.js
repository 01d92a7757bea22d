// @ts-check
/** Every rendition: what it is, its key, whether it is served and if not, why. */

import { get, make, safeLink } from './dom.js';
import { frameRate, rate as bitRate } from './format.js';
import { keyChip } from './keys.js';
import { isSupported } from './player.js';

/** @typedef {import('./types.js').Track} Track */

/** @param {import('./player.js').Player} player */
export function startTracks(player) {
  let shown = '';
  const show = () => {
    const period = player.timeline.periodAt(player.position);
    if (!period) return;
    const playing = new Set(player.feeders.map(({ track }) => track?.id));
    const keyOf = (/** @type {Track} */ track) => player.feeders.find(({ track: other }) => other?.id === track.id)?.filled.at(-1)?.key ?? track.keys[0] ?? null;
    const text = JSON.stringify([period.id, period.tracks.map((track) => [track.id, track.served, playing.has(track.id), keyOf(track), player.refusals.has(track.id)]), document.documentElement.dataset.theme]);
    if (text === shown) return;
    shown = text;
    get('tracks').replaceChildren(...period.tracks.map((track) => row(track, playing.has(track.id), keyOf(track))));
  };
  setInterval(show, 500);
  addEventListener('themechange', () => { shown = ''; show(); });
  show();

  /** @param {Track} track @param {boolean} isPlaying @param {string | null} key */
  function row(track, isPlaying, key) {
    return make('tr', { class: isPlaying ? 'now' : '', 'aria-current': isPlaying ? 'true' : null },
      make('td', {}, make('span', { class: 'mono', text: track.id }), isPlaying && make('span', { class: 'unseen', text: ' (playing)' })),
      make('td', { text: what(track) }), make('td', { class: 'mono', text: track.codecs || track.mime }), make('td', { text: track.bandwidth ? bitRate(track.bandwidth) : '–' }),
      make('td', {}, key ? keyChip(key, false) : track.protected ? '?' : 'clear'), make('td', {}, ...served(track)));
  }

  /** @param {Track} track @returns {(Node | string)[]} */
  function served(track) {
    const problem = track.refused ?? player.refusals.get(track.id);
    if (!problem) return [track.media === 'mse' && !isSupported(track) ? 'yes; this browser does not play it' : 'yes'];
    const page = safeLink(problem.page);
    return [make('span', { class: 'status bad', text: 'no' }), ` ${problem.message} `, ...(page ? [make('a', { href: page, target: '_blank', rel: 'noopener noreferrer', text: 'Why' })] : [])];
  }
}

/** @param {Track} track */
function what(track) {
  const rate = frameRate(track.frameRate), frames = rate ? ` ${rate}/s` : '';
  const shape = track.width && track.height ? `${track.width}×${track.height}${frames}` : '';
  return [track.kind, shape, track.language, track.label, track.roles.filter((role) => role !== 'main').join(' '), track.trickMode ? 'trick mode' : ''].filter(Boolean).join(' ');
}
