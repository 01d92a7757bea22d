// @ts-check
/** Everything beside the picture. */

import { startBuffer } from './buffers.js';
import { startCaptions } from './captions.js';
import { startControls } from './controls.js';
import { calmly } from './dom.js';
import { startFaults } from './faults.js';
import { StoryFeed } from './feed.js';
import { startKeys } from './keys.js';
import { startPlots } from './plots.js';
import { startProtection } from './protection.js';
import { startReport } from './report.js';
import { startShortcuts } from './shortcuts.js';
import { startStory } from './story.js';
import { startTheme } from './theme.js';
import { startTracks } from './tracks.js';

/**
 * @param {import('./player.js').Player} player
 * @param {import('./snapshots.js').Snapshots} snapshots
 */
export function startPanels(player, snapshots) {
  const feed = new StoryFeed();
  startTheme();
  const captions = startCaptions(player);
  const controls = startControls(player, captions);
  startBuffer(player);
  startTracks(player);
  startStory(feed, player);
  startPlots(feed);
  const renew = startKeys(feed);
  const facts = startProtection(feed, player);
  facts.then(startFaults, () => {});
  startReport(player);
  startShortcuts({ ...controls, renew });

  const refresh = calmly(() => void snapshots.refresh(), 100);
  feed.addEventListener('item', (event) => {
    const { kind } = /** @type {CustomEvent<import('./types.js').StoryItem>} */ (event).detail;
    if (kind === 'map' || kind === 'refused') refresh();
  });
  feed.start();
}
