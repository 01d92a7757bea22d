// @ts-check
/** Times of the last segments as small plots, drawn on canvas. */

import { colourOf, matchesDark } from './colours.js';
import { get, setText } from './dom.js';
import { duration } from './format.js';

/** @typedef {{ value: number, key: string | null }} Point */

/** Segments that a plot shows. */
const Most = 80;

/**
 * A canvas as large as it is shown, in points of the screen.
 * @param {HTMLCanvasElement} canvas
 */
export function surface(canvas) {
  const { width, height } = canvas.getBoundingClientRect(), scale = devicePixelRatio || 1;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }

  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  return { context, width, height };
}

export function inks() {
  return matchesDark() ? { line: '#2c3641', quiet: '#9aa7b4', text: '#e7ecf1', card: '#161c23', accent: '#4cc9c0', bad: '#ff8a80', faint: '#222b34' } : { line: '#dfe4ea', quiet: '#56616e', text: '#17202a', card: '#ffffff', accent: '#0b6b6b', bad: '#b3261e', faint: '#eef1f4' };
}

/** @param {import('./feed.js').StoryFeed} feed */
export function startPlots(feed) {
  const fetches = plot('plot-fetch', 'fetch-now', 'Fetch times'), decrypts = plot('plot-decrypt', 'decrypt-now', 'Decrypt times');
  feed.addEventListener('item', (event) => {
    const { kind, data } = /** @type {CustomEvent<import('./types.js').StoryItem>} */ (event).detail;
    if (kind !== 'segment' || data.status >= 400) return;
    const key = data.keys?.[0] ?? null;
    if (typeof data.fetchMs === 'number') fetches({ value: data.fetchMs, key });
    if (typeof data.decryptMs === 'number') decrypts({ value: data.decryptMs, key });
  });
}

/**
 * @param {string} id
 * @param {string} nowId
 * @param {string} name
 * @returns {(point: Point) => void}
 */
function plot(id, nowId, name) {
  const canvas = /** @type {HTMLCanvasElement} */ (get(id));
  /** @type {Point[]} */
  const points = [];
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    setTimeout(() => { due = false; draw(); }, 100);
  };
  new ResizeObserver(soon).observe(canvas);
  addEventListener('themechange', soon);
  draw();

  function draw() {
    const { context, width, height } = surface(canvas), ink = inks(), left = 34, bottom = height - 4, top = 8;
    const most = nice(Math.max(0.1, ...points.map(({ value }) => value)));
    context.fillStyle = ink.quiet;
    context.strokeStyle = ink.line;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(bottom - share * (bottom - top)) + 0.5;
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(width, y);
      context.stroke();
      if (share > 0) context.fillText(String(Number((most * share).toPrecision(2))), left - 6, y);
    }

    if (points.length === 0) {
      context.textAlign = 'center';
      context.fillText('no segment yet', (left + width) / 2, height / 2);
      return;
    }

    const step = (width - left) / Most, bar = Math.max(2, step - 2);
    points.forEach(({ value, key }, i) => {
      const tall = Math.max(1.5, value / most * (bottom - top));
      context.fillStyle = colourOf(key);
      context.fillRect(left + (Most - points.length + i) * step, bottom - tall, bar, tall);
    });
    const sorted = points.map(({ value }) => value).sort((a, b) => a - b), median = sorted[sorted.length >> 1];
    setText(get(nowId), `median ${duration(median)}`);
    canvas.setAttribute('aria-label', `${name} of the last ${points.length} segments: median ${duration(median)}, longest ${duration(sorted[sorted.length - 1])}`);
  }

  return (point) => {
    points.push(point);
    if (points.length > Most) points.shift();
    soon();
  };
}

/** @param {number} value @returns {number} the next number that is easily read */
function nice(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((step) => step >= value) ?? value;
}
