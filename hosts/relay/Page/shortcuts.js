// @ts-check
/** The keyboard. Keys that a control in focus takes itself are left to it. */

import { get, make } from './dom.js';
import { frameRate } from './format.js';
import { nextTheme } from './theme.js';

/**
 * @param {{ player: import('./player.js').Player, toggle: () => void, toggleMute: () => void, toggleFullscreen: () => void, togglePicture: () => void, toggleCaptions: () => void, renew: () => void }} page
 */
export function startShortcuts({ player, toggle, toggleMute, toggleFullscreen, togglePicture, toggleCaptions, renew }) {
  const help = /** @type {HTMLDialogElement} */ (get('help'));
  const by = (/** @type {number} */ seconds) => () => player.seek(player.position + seconds);
  const { timeline } = player;
  /** @type {[string[], string, () => void][]} */
  const all = [
    [[' ', 'k'], 'play or pause', toggle],
    [['ArrowLeft'], '5 seconds back', by(-5)], [['ArrowRight'], '5 seconds on', by(5)], [['j'], '10 seconds back', by(-10)], [['l'], '10 seconds on', by(10)],
    [[','], 'a frame back, when paused', () => frame(-1)], [['.'], 'a frame on, when paused', () => frame(1)],
    [['Home'], 'to the beginning', () => player.seek(player.timeline.start)], [['End'], timeline.isLive ? 'to live' : 'to the end', () => { if (player.timeline.isLive) player.toLive(); else player.seek(player.end); }],
    [['m'], 'sound on or off', toggleMute], [['c'], 'captions on or off', toggleCaptions], [['f'], 'full screen', toggleFullscreen], [['p'], 'picture in picture', togglePicture],
    [['r'], 'renew licences', renew], [['d'], 'light or dark', nextTheme], [['s'], 'to the story', () => get('story').focus()], [['?'], 'this help', open],
  ];
  const names = /** @type {Record<string, string>} */ ({ ' ': 'space', ArrowLeft: '←', ArrowRight: '→' });
  get('help-list').replaceChildren(...all.flatMap(([keys, text]) => [make('dt', {}, ...keys.flatMap((key, i) => (i > 0 ? [' ', make('kbd', { text: names[key] ?? key })] : [make('kbd', { text: names[key] ?? key })]))), make('dd', { text })]));
  get('help-open').addEventListener('click', open);
  get('help-close').addEventListener('click', () => help.close());

  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || !(target instanceof Element)) return;
    if (isTaken(target, key)) return;
    const shortcut = all.find(([keys]) => keys.includes(key.length === 1 ? key.toLowerCase() : key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut[2]();
  });

  function open() {
    if (!help.open) help.showModal();
  }

  /** @param {number} frames */
  function frame(frames) {
    if (!player.video.paused) return;
    const rate = frameRate(player.feeders.find(({ kind }) => kind === 'video')?.track?.frameRate) ?? 25;
    player.seek(player.position + frames / rate);
  }
}

/** @param {Element} target @param {string} key @returns {boolean} whether the control in focus does something itself with a key */
function isTaken(target, key) {
  if (target.closest('select, textarea, input:not([type="range"], [type="radio"])')) return true;
  if (target.closest('input')) return /^(Arrow|Home|End|Page| $)/.test(key);
  if (target.closest('button, summary, a')) return key === ' ' || key === 'Enter';
  return target.closest('[tabindex="0"]') !== null && /^(Home|End|Page| $)/.test(key);
}
