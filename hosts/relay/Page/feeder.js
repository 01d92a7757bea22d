// @ts-check
/**
 * Keeps one SourceBuffer filled: chooses the next segment, fetches it, appends it, removes what is long past.
 * One loop does all of it, so that nothing waits for a buffer that is busy.
 */

import { fetchSegment, Gone, Refused } from './fetching.js';
import { Tolerance } from './timeline.js';

/** @typedef {import('./types.js').Track} Track */
/** @typedef {import('./types.js').Segment} Segment */
/** @typedef {import('./types.js').Period} Period */
/** @typedef {{ track: Track, segment: Segment, key: string | null }} Filled */

/** Seconds that are fetched ahead, and kept behind. */
const Ahead = 24, Behind = 20;

/** A little before a period's beginning is let in: media begin within the rounding of manifests. */
const EarlyBy = 0.1, LateBy = 0.01;

/** Initialisation segments that are kept: of every rendition that is in use, and of those of the period before. */
const MostInits = 32;

export class Feeder {
  /**
   * @param {import('./player.js').Player} player
   * @param {'video' | 'audio'} kind
   */
  constructor(player, kind) {
    this.player = player;
    this.kind = kind;
    /** @type {SourceBuffer | null} */
    this.buffer = null;
    /** What is fetched next plays at this time. */
    this.cursor = 0;
    this.done = false;
    /** @type {Track | null} */
    this.track = null;
    /** @type {Filled[]} what was appended and not yet removed, in order of time */
    this.filled = [];
    /** @type {'key' | 'due' | 'network' | null} */
    this.waiting = null;
    this.ahead = Ahead;
    /** @type {Map<string, Promise<ArrayBuffer>>} */
    this.inits = new Map();
    this.type = '';
    this.window = '';
    this.initOf = '';
    /** @type {{ from: number, until: number } | null} what is kept when everything else is thrown away, for another rendition */
    this.keep = null;
    /** @type {AbortController | null} */
    this.request = null;
    /** @type {(() => void) | null} */
    this.wake = null;
    /** @type {Promise<void> | undefined} */
    this.preparing = undefined;
    /** @type {{ address: string, media: Promise<import('./fetching.js').Fetched> } | null} */
    this.first = null;
  }

  /** Seconds in the buffer at the playhead without a gap. */
  get level() {
    const now = this.player.position, end = this.bufferedUntil(now);
    return end === null ? 0 : end - now;
  }

  /** @param {number} time @returns {number | null} where the media that is there at a time ends */
  bufferedUntil(time) {
    const ranges = this.buffer?.buffered, { keep } = this;
    if (!ranges || (keep && (time < keep.from || time >= keep.until))) return null;   // what is about to be thrown away is not there
    for (let i = 0; i < ranges.length; i++) {
      if (ranges.start(i) <= time + Tolerance && ranges.end(i) > time) return ranges.end(i);
    }

    return null;
  }

  /** @param {AbortSignal} signal ends it */
  async run(signal) {
    signal.addEventListener('abort', () => { this.request?.abort(); this.poke(); });
    await this.preparing;
    while (!signal.aborted) {
      try {
        await this.#tidy();
        const next = await this.#next();
        if (next) this.#wait(null);
        if (next) await this.#load(next.track, next.segment, next.period);
        else await this.#sleep();
      } catch (error) {
        if (signal.aborted) return;
        this.player.fail(error);
        return;
      }
    }
  }

  /** Begins to fetch what is needed first: the browser takes its time until there is a buffer to put it into. */
  prepare() {
    this.preparing = this.#next().then((next) => {
      if (!next) return;
      const { address } = next.segment;
      this.first = { address, media: fetchSegment(address, this.player.ending.signal, (why) => this.#wait(why)) };
      this.first.media.catch(() => {});   // said by who waits for it
    }, () => {});   // what fails now fails again when it is waited for
  }

  /** Has the loop look again at once. */
  poke() {
    this.wake?.();
  }

  /** The playhead has gone elsewhere. @param {number} time */
  seek(time) {
    const until = this.bufferedUntil(time);
    this.done = false;
    // What is on its way is needed all the same when the playhead has gone no further than to it.
    const inFlight = this.request && until !== null && this.cursor >= until - Tolerance && this.cursor <= until + Tolerance;
    if (!inFlight) this.request?.abort();
    this.cursor = until ?? time;
    this.poke();
  }

  /** Another track is wanted. @param {boolean} atOnce or with the segment after the one that plays */
  change(atOnce) {
    this.request?.abort();
    const now = this.player.position;
    const playing = this.filled.find(({ segment }) => segment.start <= now && now < segment.start + segment.duration)?.segment;
    this.keep = atOnce || !playing ? { from: now, until: now } : { from: playing.start, until: playing.start + playing.duration };
    this.cursor = this.keep.until;
    this.done = false;
    this.poke();
  }

  /** @returns {Promise<{ track: Track, segment: Segment, period: Period } | null>} */
  async #next() {
    const { timeline } = this.player, { cursor } = this;
    if (this.done || this.level >= this.ahead || this.cursor > this.player.position + this.ahead + 60) return null;
    for (let period = timeline.periodAt(this.cursor); period; period = timeline.after(period)) {
      const track = this.player.pick(this.kind, period, this), time = Math.max(this.cursor, period.start);
      const refusal = track ? null : this.player.refusalOf(this.kind, period);
      if (refusal) {
        // What is in the buffer is still played; then it is said why there is no more.
        if (this.level < 0.3) this.player.block(refusal);
        return null;
      }

      // The initialisation segment is on its way while the list is.
      if (track?.init && this.initOf !== track.id) this.#init(track.init).catch(() => {});
      try {
        await track?.segments.reach(time, timeline);
      } catch {
        this.#wait('network');   // the relay is away; it is asked again
        return null;
      }

      // A seek came in the meantime: what was looked for is not what is next any more.
      if (this.cursor !== cursor) return this.#next();
      const segment = track?.segments.at(time) ?? null;
      if (!track || !segment || (period.end !== null && segment.start >= period.end - 0.001)) continue;
      if (this.#has(track, segment)) {
        this.cursor = segment.start + segment.duration;
        return this.#next();
      }

      return { track, segment, period };
    }

    if (timeline.isLive) this.player.wantNewer();
    else if (this.buffer) this.#finish();
    return null;
  }

  #finish() {
    this.done = true;
    this.player.finished();
  }

  /** @param {Track} track @param {Segment} segment @returns {boolean} whether it is in the buffer already */
  #has(track, segment) {
    if (!this.filled.some((filled) => filled.track.id === track.id && filled.segment.start === segment.start)) return false;
    const until = this.bufferedUntil(segment.start);
    return until !== null && until >= segment.start + segment.duration - 2 * Tolerance;
  }

  /** @param {Track} track @param {Segment} segment @param {Period} period */
  async #load(track, segment, period) {
    const request = this.request = new AbortController();
    const begun = this.cursor;
    try {
      const [init, media] = await Promise.all([
        this.initOf === track.id || !track.init ? null : this.#init(track.init),
        this.#media(segment.address, request.signal),
      ]);
      if (request.signal.aborted) return;
      this.player.fetched(this.kind, track, segment, media);
      await this.#append(track, period, init, media.bytes);
      this.#note({ track, segment, key: media.keys[0] ?? segment.key });
      this.track = track;
      // A seek may have moved it in the meantime.
      if (this.cursor === begun) this.cursor = segment.start + segment.duration;
    } catch (error) {
      if (request.signal.aborted) return;
      if (error instanceof Refused) this.player.refuse(track, error.problem);
      else if (error instanceof Gone) this.#skip(track, segment, error);
      else if (error instanceof DOMException && error.name === 'QuotaExceededError') await this.#makeRoom();
      else throw error;
    } finally {
      this.#wait(null);
      if (this.request === request) this.request = null;
    }
  }

  /** @param {string} address @param {AbortSignal} signal */
  #media(address, signal) {
    const { first } = this;
    this.first = null;
    return first?.address === address ? first.media : fetchSegment(address, signal, (why) => this.#wait(why));
  }

  /** @param {string} address @returns {Promise<ArrayBuffer>} */
  #init(address) {
    let init = this.inits.get(address);
    if (!init) {
      if (this.inits.size >= MostInits) this.inits.delete(/** @type {string} */ (this.inits.keys().next().value));
      init = fetchSegment(address, this.player.ending.signal, (why) => this.#wait(why)).then(({ bytes }) => bytes);
      init.catch(() => this.inits.delete(address));
      this.inits.set(address, init);
    }

    return init;
  }

  /** @param {Track} track @param {Period} period @param {ArrayBuffer | null} init @param {ArrayBuffer} media */
  async #append(track, period, init, media) {
    const buffer = /** @type {SourceBuffer} */ (this.buffer);
    const type = typeOf(track);
    if (type !== this.type) {
      if (this.type !== '') buffer.changeType(type);
      this.type = type;
    }

    const window = `${period.start} ${period.end}`;
    if (window !== this.window) {
      buffer.appendWindowEnd = Infinity;   // first, or the new beginning might lie behind the old end
      buffer.appendWindowStart = Math.max(0, period.start - EarlyBy);
      if (period.end !== null) buffer.appendWindowEnd = period.end + LateBy;
      this.window = window;
    }

    if (buffer.timestampOffset !== track.offset) buffer.timestampOffset = track.offset;
    if (init) {
      this.initOf = '';
      await this.#do(() => buffer.appendBuffer(init));
      this.initOf = track.id;
    }

    await this.#do(() => buffer.appendBuffer(media));
    this.player.appended(this);
  }

  /** Removes what is long past, and what another rendition is to take the place of. */
  async #tidy() {
    const { buffer } = this;
    if (!buffer) return;
    if (this.keep !== null) {
      const { keep } = this;
      await this.#remove(keep.until, Infinity);
      await this.#remove(0, keep.from);
      if (this.keep === keep) this.keep = null;
    }

    const keep = this.player.position - Behind;
    // In steps: each removal costs more than it frees.
    if (buffer.buffered.length > 0 && buffer.buffered.start(0) < keep - 10) await this.#remove(0, keep);
  }

  /** The browser has no room: less is kept, and less fetched ahead. */
  async #makeRoom() {
    this.ahead = Math.max(4, this.ahead * 0.7);
    await this.#remove(0, Math.max(0, this.player.position - 2));
    await this.#sleep();
  }

  /** @param {number} from @param {number} until */
  async #remove(from, until) {
    const buffer = /** @type {SourceBuffer} */ (this.buffer);
    if (until <= from) return;
    await this.#do(() => buffer.remove(from, until));
    this.filled = this.filled.filter(({ segment }) => segment.start + segment.duration <= from + Tolerance || segment.start >= until - Tolerance);
  }

  /** @param {() => void} operation */
  async #do(operation) {
    const buffer = /** @type {SourceBuffer} */ (this.buffer);
    const ended = new Promise((resolve) => { buffer.addEventListener('updateend', resolve, { once: true }); });
    operation();
    await ended;
  }

  /** @param {Filled} filled */
  #note(filled) {
    const { start } = filled.segment;
    this.filled = this.filled.filter(({ segment }) => Math.abs(segment.start - start) > Tolerance);
    const behind = this.filled.findIndex(({ segment }) => segment.start > start);
    this.filled.splice(behind < 0 ? this.filled.length : behind, 0, filled);
  }

  /** @param {Track} track @param {Segment} segment @param {Gone} gone */
  #skip(track, segment, gone) {
    this.cursor = segment.start + segment.duration;
    this.player.gap(this.kind, track, segment, gone.problem);
  }

  /** @param {'key' | 'due' | 'network' | null} why */
  #wait(why) {
    if (this.waiting === why) return;
    this.waiting = why;
    this.player.changed();
  }

  #sleep() {
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const timer = setTimeout(resolve, 200);
      this.wake = () => { clearTimeout(timer); resolve(); };
    });
  }
}

/** @param {Track} track @returns {string} its type for Media Source Extensions */
export function typeOf(track) {
  // Of AAC a browser wants to know which, and takes all of it for what it plays: its decoder reads that from the initialisation segment.
  const codecs = track.codecs === 'mp4a' ? 'mp4a.40.2' : track.codecs;
  return codecs ? `${track.mime}; codecs="${codecs}"` : track.mime;
}
