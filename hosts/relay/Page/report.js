// @ts-check
/** The relay's report with the player's own measurements, saved as JSON or as one HTML file. The relay leaves out what is secret; the page has seen none of it. */

import { announce, get } from './dom.js';

/** @param {import('./player.js').Player} player */
export function startReport(player) {
  const button = get('report'), menu = get('report-menu');
  const open = (/** @type {boolean} */ is) => {
    menu.hidden = !is;
    button.setAttribute('aria-expanded', String(is));
  };
  button.addEventListener('click', () => {
    open(Boolean(menu.hidden));
    if (!menu.hidden) menu.querySelector('button')?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    open(false);
    button.focus();
    event.stopPropagation();
  });
  document.addEventListener('click', (event) => { if (!menu.hidden && !(event.target instanceof Node && button.parentElement?.contains(event.target))) open(false); });
  get('report-json').addEventListener('click', () => save(async () => {
    const report = await read('report.json');
    return new Blob([JSON.stringify({ ...JSON.parse(report), player: measured(player) }, null, 2)], { type: 'application/json' });
  }, 'json'));
  get('report-html').addEventListener('click', () => save(async () => {
    const report = await read('report.html'), end = report.lastIndexOf('</body>');
    return new Blob([report.slice(0, end), section(player), report.slice(end)], { type: 'text/html' });
  }, 'html'));

  /** @param {() => Promise<Blob>} write @param {string} extension */
  async function save(write, extension) {
    try {
      const url = URL.createObjectURL(await write()), link = document.createElement('a');
      link.href = url;
      link.download = `keyway-report-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${extension}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      announce('The report was saved');
    } catch {
      announce('The relay does not answer: there is no report');
    }

    open(false);
    button.focus();
  }
}

/** @param {string} address */
async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(String(response.status));
  return response.text();
}

/** What this page knows and the relay does not. @param {import('./player.js').Player} player */
function measured(player) {
  const { video, timeline } = player, quality = video.getVideoPlaybackQuality?.();
  return {
    browser: navigator.userAgent,
    state: player.state,
    problem: player.problem,
    position: player.position,
    behindLive: player.latency,
    firstPictureMs: player.firstFrame,
    throughput: Math.round(player.throughput.estimate),
    frames: quality ? { decoded: quality.totalVideoFrames, late: quality.droppedVideoFrames } : null,
    stalls: { count: player.stalls, ms: player.stalledFor },
    gaps: player.gaps,
    live: timeline.isLive,
    buffers: player.feeders.map((feeder) => ({
      kind: feeder.kind, level: feeder.level, rendition: feeder.track?.id ?? null,
      segments: feeder.filled.map(({ segment, key, track }) => ({ rendition: track.id, start: segment.start, duration: segment.duration, key })),
    })),
    fetched: player.measures.map(({ address, ...measure }) => measure),
  };
}

/** @param {import('./player.js').Player} player */
function section(player) {
  const { fetched, buffers, gaps, ...numbers } = measured(player);
  const rows = Object.entries(numbers).filter(([, value]) => value !== null).map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(typeof value === 'object' ? JSON.stringify(value) : String(value))}</td></tr>`);
  const segments = fetched.map(({ kind, track, start, bytes, milliseconds, waited, decrypt, key }) => `<tr>${[kind, track, start.toFixed(3), bytes, milliseconds.toFixed(1), waited.toFixed(0), decrypt?.toFixed(2) ?? '', key ?? ''].map((value) => `<td>${escape(String(value))}</td>`).join('')}</tr>`);
  return `<section><h2>The page's player</h2><table><tbody>${rows.join('')}</tbody></table><h3>Segments, as the page fetched them</h3><table><thead><tr>${['kind', 'rendition', 'start, s', 'bytes', 'fetched, ms', 'waited, ms', 'decrypted, ms', 'key'].map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>${segments.join('')}</tbody></table></section>`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
