// @ts-check
/** Begins to play first, and then shows the rest: the picture waits for nothing that it does not need. */

import { Player } from './player.js';
import { Snapshots } from './snapshots.js';

/** How long after the picture could begin the panels come at the latest. */
const PanelsAfter = 1500;

const snapshots = new Snapshots();
const { timeline, problem } = await snapshots.first();
// It does not wait for style sheets; for the rest of the page it may have to.
if (document.readyState === 'loading') await new Promise((resolve) => { document.addEventListener('DOMContentLoaded', resolve, { once: true }); });
const video = /** @type {HTMLVideoElement} */ (document.getElementById('video'));
const player = new Player(video, timeline, () => snapshots.refresh());
snapshots.addEventListener('timeline', () => player.update(snapshots.timeline));
const playing = problem ? player.stop(problem) : player.start();

// What the panels do would be in the way of the first picture.
await Promise.race([
  new Promise((resolve) => { player.addEventListener('change', () => { if (player.firstFrame !== null || player.problem) resolve(undefined); }); if (player.problem) resolve(undefined); }),
  new Promise((resolve) => { setTimeout(resolve, PanelsAfter); }),
]);
const { startPanels } = await import('./panels.js');
startPanels(player, snapshots);
await playing;
