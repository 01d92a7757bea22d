// @ts-check
/** What is in the buffers, drawn along the timeline: the colour of a segment is the key that opened it, so that a rotation is seen. */

import { colourOf, meet } from './colours.js';
import { get, make } from './dom.js';
import { clock } from './format.js';
import { keyChip } from './keys.js';
import { inks, surface } from './plots.js';

/** @typedef {import('./player.js').Player} Player */

/** Seconds that are shown at once, where all is more. */
const Whole = 90, Before = 20, Behind = 40;

/** @param {Player} player */
export function startBuffer(player) {
  const canvas = /** @type {HTMLCanvasElement} */ (get('buffer')), seekCanvas = /** @type {HTMLCanvasElement} */ (get('seek-buffer'));
  let legend = '', told = -Infinity, isSeen = true;
  new IntersectionObserver(([entry]) => { isSeen = entry.isIntersecting; }).observe(canvas);
  new ResizeObserver(draw).observe(canvas);
  addEventListener('themechange', () => { legend = ''; draw(); });
  setInterval(draw, 250);
  canvas.addEventListener('click', (event) => {
    const { from, until } = range(), box = canvas.getBoundingClientRect(), left = labels(box.width);
    player.seek(from + (event.clientX - box.left - left) / (box.width - left) * (until - from));
  });

  function range() {
    const { timeline, position } = player;
    if (!timeline.isLive && timeline.end - timeline.start <= Whole) return { from: timeline.start, until: Math.max(timeline.end, timeline.start + 1) };
    const newest = timeline.isLive ? timeline.end + 3 - Before - Behind : Infinity, from = Math.max(Math.min(timeline.start, newest), Math.min(position - Before, newest));
    return { from, until: from + Before + Behind };
  }

  function draw() {
    drawSeek();
    if (!isSeen || document.hidden) return;
    const { context, width, height } = surface(canvas), ink = inks(), { from, until } = range(), left = labels(width);
    const { feeders, timeline, position, gaps } = player;
    const x = (/** @type {number} */ time) => left + (time - from) / (until - from) * (width - left);
    const axis = 20, tall = Math.min(38, (height - axis) / Math.max(1, feeders.length) - 6);
    /** @type {Set<string>} */
    const keys = new Set();
    context.textBaseline = 'middle';
    feeders.forEach((feeder, i) => {
      const y = i * (tall + 6);
      context.textAlign = 'left';
      context.fillStyle = ink.quiet;
      context.fillText(feeder.kind === 'video' ? 'picture' : 'sound', 0, y + tall / 2);
      // What there is, as far as it is known, below what is in the buffer.
      const known = timeline.periodAt(position)?.tracks.find((track) => track.id === feeder.track?.id)?.segments.rows ?? feeder.track?.segments.rows ?? [];
      for (const { start, duration } of known) {
        if (start >= until || start + duration <= from) continue;
        context.fillStyle = ink.faint;
        block(context, x(start) + 0.5, y, x(start + duration) - x(start) - 1.5, tall, left, width);
      }

      for (const { segment: { start, duration }, key, track } of feeder.filled) {
        if (start >= until || start + duration <= from) continue;
        if (key) { keys.add(key); meet(key); }
        context.fillStyle = colourOf(key);
        const end = Math.min(start + duration, feeder.bufferedUntil(start + duration / 2) ?? start + duration);
        block(context, x(start) + 0.5, y, x(end) - x(start) - 1.5, tall, left, width);
        const text = track.height ? `${track.height}p` : '';
        if (text && x(start + duration) - x(start) > 40 && x(start) >= left) {
          context.fillStyle = ink.card;
          context.fillText(text, x(start) + 6, y + tall / 2);
        }
      }

      for (const gap of gaps) {
        if (gap.kind !== feeder.kind || gap.start >= until || gap.start + gap.duration <= from) continue;
        context.strokeStyle = ink.bad;
        context.strokeRect(x(gap.start) + 1, y + 1, x(gap.start + gap.duration) - x(gap.start) - 2, tall - 2);
      }
    });

    drawAxis(context, ink, x, from, until, height, timeline.isLive ? timeline.end : null);
    const now = Math.round(x(position)) + 0.5;
    context.strokeStyle = ink.text;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(now, 0);
    context.lineTo(now, height - axis + 2);
    context.stroke();
    context.lineWidth = 1;
    showLegend([...keys]);
    tell([...keys]);
  }

  /** @param {CanvasRenderingContext2D} context @param {ReturnType<typeof inks>} ink @param {(time: number) => number} x @param {number} from @param {number} until @param {number} height @param {number | null} edge */
  function drawAxis(context, ink, x, from, until, height, edge) {
    const { timeline } = player, least = 46 / (x(1) - x(0)), step = [1, 2, 5, 10, 20, 30, 60].find((seconds) => seconds >= least) ?? 120, y = height - 8;
    context.fillStyle = ink.quiet;
    context.textAlign = 'center';
    // In a live window times are told from its end, which is where people look from.
    const zero = timeline.isLive ? timeline.end : 0;
    for (let time = zero + Math.ceil((from - zero) / step) * step; time <= until; time += step) {
      if (x(time) > x(until) - 12 || x(time) < x(from) + 8) continue;
      context.fillText(timeline.isLive ? clock(time - zero) : clock(time), x(time), y);
    }

    if (edge === null || edge > until) return;
    context.strokeStyle = ink.bad;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x(edge), 0);
    context.lineTo(x(edge), height - 18);
    context.stroke();
    context.setLineDash([]);
  }

  function drawSeek() {
    const { context, width, height } = surface(seekCanvas), ink = inks(), { timeline, feeders } = player, whole = Math.max(0.1, timeline.end - timeline.start);
    context.fillStyle = ink.line;
    context.fillRect(0, 0, width, height);
    for (const { segment, key } of feeders[0]?.filled ?? []) {
      context.fillStyle = colourOf(key);
      context.fillRect((segment.start - timeline.start) / whole * width, 0, segment.duration / whole * width, height);
    }
  }

  /** @param {string[]} keys */
  function showLegend(keys) {
    const text = keys.join();
    if (text === legend) return;
    legend = text;
    get('legend').replaceChildren(...keys.map((key) => make('li', { class: 'chip' }, keyChip(key, false))));
  }

  /** @param {string[]} keys */
  function tell(keys) {
    // Read when somebody comes to it; not to be changed under a reader each moment.
    const now = performance.now();
    if (now - told < 5000) return;
    told = now;
    const parts = player.feeders.map((feeder) => `${feeder.kind === 'video' ? 'picture' : 'sound'} ${feeder.level.toFixed(0)} seconds ahead`);
    canvas.setAttribute('aria-label', `Buffer: ${parts.join(', ')}; ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`);
  }
}

/** @param {number} width */
function labels(width) {
  return width > 300 ? 52 : 44;
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} wide @param {number} tall @param {number} least @param {number} most */
function block(context, x, y, wide, tall, least, most) {
  const left = Math.max(x, least), right = Math.min(x + wide, most);
  if (right <= left) return;
  context.beginPath();
  context.roundRect(left, y, right - left, tall, 3);
  context.fill();
}
