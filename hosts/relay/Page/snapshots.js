// @ts-check
/** What the relay says of the presentation, asked for again while it is live. */

import { Timeline } from './timeline.js';

/** @typedef {import('./types.js').MapAnswer} MapAnswer */
/** @typedef {import('./types.js').Problem} Problem */

/** Nobody asks more often than this, in milliseconds. */
const Spacing = 400;

/** While the relay opens the presentation. */
const OpeningPause = 150;

export class Snapshots extends EventTarget {
  constructor() {
    super();
    /** @type {Timeline} */
    this.timeline = new Timeline({ version: -1, state: 'opening', live: false, now: 0, periods: [] }, null);
    this.asked = 0;
    /** What the last one said, whenever it was. */
    this.said = '';
    this.busy = false;
    /** Whether somebody asked for another in the meantime. */
    this.isDue = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @returns {Promise<{ timeline: Timeline, problem: Problem | null }>} the first one that says what is there */
  async first() {
    for (;;) {
      try {
        // By the very request that the page's head began.
        const answer = await this.#ask('map?ready');
        if (answer.state !== 'opening' && !isBetween(answer)) {
          this.#take(answer);
          // Where renditions are listed, each says itself why it is not served.
          const { problem, periods } = answer, isRefused = periods.some(({ renditions }) => renditions.some(({ served }) => !served));
          return {
            timeline: this.timeline,
            problem: answer.state === 'failed' && !isRefused ? { kind: problem?.reason ?? 'failed', message: problem?.text ?? 'The presentation could not be opened.', code: problem?.code ?? null, page: problem?.page ?? null } : null,
          };
        }
      } catch {
        // The relay is just beginning, or gone: the same, as long as nothing plays.
      }

      await new Promise((resolve) => { setTimeout(resolve, OpeningPause); });
    }
  }

  /** Asks for a newer one; in a moment, where that has just been done: what was answered then may be old already. */
  async refresh() {
    const now = performance.now();
    if (this.busy || now - this.asked < Spacing) {
      this.isDue = true;
      if (!this.busy) this.#wait();
      return;
    }

    this.asked = now;
    this.isDue = false;
    this.busy = true;
    try {
      const answer = await this.#ask('map');
      if (answer.state !== 'opening' && !isBetween(answer)) {
        const before = this.said;
        this.#take(answer);
        if (this.said !== before) this.dispatchEvent(new Event('timeline'));
      }
    } catch {
      // It is asked for again.
    } finally {
      this.busy = false;
      this.#wait();
    }
  }

  /** @param {MapAnswer} answer */
  #take(answer) {
    this.said = JSON.stringify({ ...answer, now: 0 });
    this.timeline = new Timeline(answer, this.timeline);
    this.#wait();
  }

  #wait() {
    clearTimeout(this.timer);
    const { reloadAfter } = this.timeline;
    if (this.isDue) this.timer = setTimeout(() => this.refresh(), Spacing);
    else if (reloadAfter !== null) this.timer = setTimeout(() => this.refresh(), Math.max(Spacing, reloadAfter * 1000));
  }

  /** @param {string} address @returns {Promise<MapAnswer>} */
  async #ask(address) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`map: ${response.status}`);
    return response.json();
  }
}

/** @param {MapAnswer} answer @returns {boolean} whether it is of a live presentation in a moment in which nothing is on offer: nobody can say where to play */
function isBetween({ live, ended, window }) {
  return live && !ended && window !== undefined && window.end <= window.start;
}
