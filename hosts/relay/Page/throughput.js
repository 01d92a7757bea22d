// @ts-check
/** How fast segments come, and which rendition that is good for. */

/** @typedef {import('./types.js').Track} Track */

/** An average that forgets: half of its weight is of the last so many seconds of fetching. */
class Fading {
  /** @param {number} halfLife seconds */
  constructor(halfLife) {
    this.alpha = Math.exp(Math.log(0.5) / halfLife);
    this.value = 0;
    this.weight = 0;
  }

  /** @param {number} weight @param {number} value */
  add(weight, value) {
    const keep = this.alpha ** weight;
    this.value = value * (1 - keep) + keep * this.value;
    this.weight += weight;
  }

  get estimate() {
    return this.value / (1 - this.alpha ** this.weight);
  }
}

export class Throughput {
  /** Answers of less say more of the way than of its width. */
  static least = 8_000;

  /** @param {number} assumed bits a second, until something has been measured */
  constructor(assumed) {
    this.assumed = assumed;
    this.fast = new Fading(2);
    this.slow = new Fading(6);
    this.bytes = 0;
  }

  /** @param {number} bytes @param {number} milliseconds */
  add(bytes, milliseconds) {
    this.bytes += bytes;
    if (bytes < Throughput.least) return;
    const seconds = Math.max(milliseconds, 1) / 1000, rate = bytes * 8 / seconds;
    // An answer that came in no time counts, or a fast line would never be noticed.
    this.fast.add(Math.max(seconds, 0.25), rate);
    this.slow.add(Math.max(seconds, 0.25), rate);
  }

  /** Bits a second: the more careful of two averages. */
  get estimate() {
    return this.slow.weight === 0 ? this.assumed : Math.min(this.fast.estimate, this.slow.estimate);
  }
}

/** How much of the estimate a rendition may need: more when it is kept than when it is gone up to. */
const Keep = 0.95, Rise = 0.75;

/** With less than so many seconds in the buffer nothing is gone up to; with less than the second number, a step is gone down. */
const Comfortable = 6, Low = 2;

/**
 * Chooses a rendition.
 * @param {Track[]} ladder at least one, any order
 * @param {Track | null} current what was fetched last
 * @param {number} estimate bits a second
 * @param {number} ahead seconds in the buffer
 * @param {number} rate how many times as fast as usual is played
 * @returns {Track}
 */
export function chooseRendition(ladder, current, estimate, ahead, rate) {
  const steps = [...ladder].sort((a, b) => a.bandwidth - b.bandwidth);
  const fits = (/** @type {number} */ share) => steps.findLastIndex((track) => track.bandwidth * rate <= estimate * share);
  const best = Math.max(0, fits(Rise));
  const now = current === null ? -1 : steps.findIndex((track) => track.bandwidth >= current.bandwidth);
  if (now < 0) return steps[best];
  if (best > now) return ahead >= Comfortable ? steps[best] : steps[now];
  const bearable = Math.max(0, fits(Keep));
  if (bearable < now) return ahead < Comfortable ? steps[bearable] : steps[Math.max(bearable, now - 1)];
  return ahead < Low && now > 0 && estimate * Rise < steps[now].bandwidth * rate ? steps[now - 1] : steps[now];
}
