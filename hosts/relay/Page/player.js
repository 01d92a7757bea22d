// @ts-check
/**
 * Plays what the relay serves, over Media Source Extensions. It is small because the relay tells it everything: there is no manifest to read,
 * no licence to ask for, and a refusal comes with its reason.
 */

import { Feeder, typeOf } from './feeder.js';
import { chooseRendition, Throughput } from './throughput.js';

/** @typedef {import('./types.js').Track} Track */
/** @typedef {import('./types.js').Segment} Segment */
/** @typedef {import('./types.js').Period} Period */
/** @typedef {import('./types.js').Problem} Problem */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./fetching.js').Fetched} Fetched */

/**
 * @typedef {object} Measure one segment that was fetched
 * @property {number} at seconds since the page was opened
 * @property {'video' | 'audio'} kind
 * @property {string} track
 * @property {number} start
 * @property {number} bytes
 * @property {number} milliseconds from the request to its last byte
 * @property {number} waited milliseconds for a key, or until it was due
 * @property {number | null} source milliseconds that the relay waited for the source
 * @property {number | null} decrypt milliseconds
 * @property {string | null} key
 * @property {string} address
 */

const KeptMeasures = 600;

/** Assumed until something has been measured: bits a second. Loopback is fast, and what is behind it may be not. */
const AssumedRate = 1_500_000;

/** How near the end of the window still counts as live, in seconds above the latency that is aimed at. */
const LiveSlack = 4;

export class Player extends EventTarget {
  /**
   * @param {HTMLVideoElement} video
   * @param {Timeline} timeline
   * @param {() => void} wantNewer asks for a newer snapshot of a live presentation
   */
  constructor(video, timeline, wantNewer) {
    super();
    this.video = video;
    this.timeline = timeline;
    this.wantNewer = wantNewer;
    this.throughput = new Throughput(AssumedRate);
    /** @type {Feeder[]} */
    this.feeders = [];
    /** @type {Measure[]} */
    this.measures = [];
    /** @type {{ kind: string, start: number, duration: number }[]} segments that never came */
    this.gaps = [];
    /** @type {{ video: { bandwidth: number } | null, audio: string | null }} what the user chose; null: automatic, and what the relay would take */
    this.chosen = { video: null, audio: null };
    /** @type {Map<string, Problem>} by track */
    this.refusals = new Map();
    /** @type {Problem | null} why nothing plays */
    this.problem = null;
    /** Whether that may change: the next licence may be another. */
    this.isBlocked = false;
    /** @type {number | null} milliseconds from the navigation to the first picture */
    this.firstFrame = null;
    this.stalls = 0;
    this.stalledFor = 0;
    this.source = new MediaSource();
    this.ending = new AbortController();
    /** Where playing begins; the playhead until the browser has one. */
    this.beginning = timeline.begin;
    this.hasBegun = false;
    this.isListening = false;
    /** Whether the browser, and not the user, has turned the sound off. */
    this.isForcedMute = false;
    /** How many looks in a row found the playhead waiting. */
    this.waits = 0;
  }

  /** Seconds of the presentation. */
  get position() {
    return this.hasBegun ? this.video.currentTime : this.beginning;
  }

  /** Where the presentation ends, in seconds; of a file that plays as it is the browser alone may know. */
  get end() {
    const { duration } = this.video;
    return this.feeders.length === 0 && this.timeline.end === 0 && Number.isFinite(duration) ? duration : this.timeline.end;
  }

  /** @returns {number | null} seconds behind the end of what is there */
  get latency() {
    return this.timeline.isLive ? this.timeline.end - this.position : null;
  }

  get isAtEdge() {
    const { latency } = this;
    return latency !== null && latency < this.timeline.latency + LiveSlack;
  }

  /** @returns {'starting' | 'playing' | 'paused' | 'waiting' | 'ended' | 'failed'} */
  get state() {
    const { video } = this;
    if (this.problem) return 'failed';
    if (!this.hasBegun) return 'starting';
    if (video.ended) return 'ended';
    if (video.paused) return 'paused';
    return video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !video.seeking ? 'playing' : 'waiting';
  }

  /** @returns {'key' | 'due' | 'network' | null} what is waited for */
  get waitingFor() {
    return this.feeders.find((feeder) => feeder.waiting !== null)?.waiting ?? null;
  }

  async start() {
    const { video, source } = this;
    const opened = new Promise((resolve) => { source.addEventListener('sourceopen', resolve, { once: true }); });
    video.src = URL.createObjectURL(source);
    if (!this.isListening) this.#listen();
    for (const kind of /** @type {const} */ (['video', 'audio'])) {
      const track = this.#first(kind);
      if (!track) continue;
      const feeder = new Feeder(this, kind);
      feeder.cursor = this.beginning;
      feeder.track = null;
      this.feeders.push(feeder);
    }

    if (this.feeders.length === 0) {
      const whole = this.#file();
      if (!whole) return this.#nothingPlays();
      video.src = whole;
      return this.play();
    }

    for (const feeder of this.feeders) feeder.prepare();
    await opened;
    source.duration = this.timeline.isLive ? Infinity : this.timeline.end;
    for (const feeder of this.feeders) {
      const track = /** @type {Track} */ (this.#first(feeder.kind));
      feeder.buffer = source.addSourceBuffer(typeOf(track));
      feeder.type = typeOf(track);
    }

    this.#range();
    for (const feeder of this.feeders) void feeder.run(this.ending.signal);
    await this.play();
  }

  /** Plays, without sound where the browser allows no sound before the first click. */
  async play() {
    const { video } = this;
    try {
      if (video.ended) this.seek(this.timeline.start);
      await video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return;
      video.muted = true;
      this.isForcedMute = true;
      await video.play().catch(() => {});
    }

    this.changed();
  }

  /** @param {Problem} problem why nothing is to be played */
  async stop(problem) {
    this.problem = problem;
    this.changed();
  }

  pause() {
    this.video.pause();
  }

  /** @param {number} time */
  seek(time) {
    const { timeline } = this;
    const last = timeline.isLive ? timeline.end - 1 : this.end;
    const to = Math.min(Math.max(time, timeline.start), Math.max(timeline.start, last));
    if (this.hasBegun) this.video.currentTime = to;
    else this.beginning = to;
  }

  toLive() {
    this.seek(this.timeline.end - this.timeline.latency);
    void this.play();
  }

  /** @param {Timeline} timeline a newer snapshot */
  update(timeline) {
    this.timeline = timeline;
    // What is served now was refused by a licence that is over.
    for (const track of timeline.periods.flatMap(({ tracks }) => tracks)) if (!track.refused) this.refusals.delete(track.id);
    if (this.isBlocked) this.#unblock();
    if (!timeline.isLive && this.source.readyState === 'open' && this.source.duration === Infinity) this.#end(timeline.end);
    this.#range();
    for (const feeder of this.feeders) feeder.poke();
    this.changed();
  }

  /** @param {{ bandwidth: number } | null} wanted null: by what comes through */
  chooseVideo(wanted) {
    this.chosen.video = wanted;
    this.feeders.find(({ kind }) => kind === 'video')?.change(false);
    this.changed();
  }

  /** @param {string} name what nameOf gives */
  chooseAudio(name) {
    this.chosen.audio = name;
    this.feeders.find(({ kind }) => kind === 'audio')?.change(true);
    this.changed();
  }

  /**
   * The track to fetch from next.
   * @param {'video' | 'audio'} kind
   * @param {Period} period
   * @param {Feeder} feeder
   * @returns {Track | null}
   */
  pick(kind, period, feeder) {
    const tracks = this.playable(kind, period);
    if (tracks.length === 0) return null;
    if (kind === 'audio') {
      const name = this.chosen.audio ?? nameOf(tracks.find((track) => track.chosen) ?? tracks[0]);
      const named = tracks.filter((track) => nameOf(track) === name);
      return chooseRendition(named.length > 0 ? named : tracks, feeder.track, this.throughput.estimate / 4, feeder.level, this.video.playbackRate);
    }

    const { video } = this.chosen;
    if (video) return [...tracks].sort((a, b) => Math.abs(a.bandwidth - video.bandwidth) - Math.abs(b.bandwidth - video.bandwidth))[0];
    return chooseRendition(tracks, feeder.track, this.throughput.estimate, feeder.level, this.video.playbackRate);
  }

  /** @param {string} kind @param {Period} period @returns {Track[]} what is neither refused nor unknown to the browser */
  playable(kind, period) {
    const tracks = period.tracks.filter((track) => track.kind === kind && track.media === 'mse' && !track.refused && !track.trickMode && !this.refusals.has(track.id) && isSupported(track));
    // Of video one role is played: a sign language or another angle is not another quality of the same.
    if (kind !== 'video') return tracks;
    const main = tracks.find((track) => track.chosen) ?? tracks[0];
    const role = (/** @type {Track} */ track) => track.roles.filter((name) => name !== 'main').join(' ');
    return tracks.filter((track) => role(track) === role(main));
  }

  /** @param {Feeder} feeder something was appended to it */
  appended(feeder) {
    if (!this.hasBegun && this.video.readyState >= HTMLMediaElement.HAVE_METADATA) this.#begin();
    if (feeder.waiting) feeder.waiting = null;
    this.changed();
  }

  /** @param {'video' | 'audio'} kind @param {Track} track @param {Segment} segment @param {Fetched} fetched */
  fetched(kind, track, segment, { bytes, began, milliseconds, waited, source, decrypt, keys }) {
    this.throughput.add(bytes.byteLength, milliseconds);
    this.measures.push({
      at: began / 1000, kind, track: track.id, start: segment.start, bytes: bytes.byteLength, milliseconds, waited, source, decrypt, key: keys[0] ?? segment.key, address: segment.address,
    });
    if (this.measures.length > KeptMeasures) this.measures.splice(0, this.measures.length - KeptMeasures);
    this.dispatchEvent(new CustomEvent('measure', { detail: this.measures.at(-1) }));
  }

  /** @param {string} kind @param {Track} track @param {Segment} segment @param {Problem} problem */
  gap(kind, track, segment, problem) {
    this.gaps.push({ kind, start: segment.start, duration: segment.duration });
    if (this.gaps.length > KeptMeasures) this.gaps.shift();
    this.dispatchEvent(new CustomEvent('gap', { detail: { kind, track: track.id, start: segment.start, problem } }));
  }

  /** @param {Track} track @param {Problem} problem */
  refuse(track, problem) {
    this.refusals.set(track.id, problem);
    this.changed();
  }

  /** @param {'video' | 'audio'} kind @param {Period} period @returns {Problem | null} why there is none of this kind, where there would be */
  refusalOf(kind, period) {
    if (this.playable(kind, period).length > 0) return null;
    const track = period.tracks.find((track) => track.kind === kind && (track.refused || this.refusals.has(track.id)));
    return track ? track.refused ?? this.refusals.get(track.id) ?? null : null;
  }

  /**
   * There is no more to play, until another licence says otherwise. Without its picture or its sound a presentation is another one: that is said, and not played over.
   * @param {Problem} problem
   */
  block(problem) {
    if (this.problem) return;
    this.problem = problem;
    this.isBlocked = true;
    this.video.pause();
    this.changed();
  }

  /** @param {unknown} error */
  fail(error) {
    const said = this.video.error?.message;
    const message = said ? `The browser cannot play this: ${said}` : error instanceof Error ? error.message : String(error);
    this.problem ??= { kind: 'player', message, code: null, page: null };
    this.ending.abort();
    this.changed();
  }

  /** A feeder has appended its last. */
  finished() {
    if (this.feeders.every((feeder) => feeder.done)) this.#end(null);
  }

  changed() {
    this.dispatchEvent(new Event('change'));
  }

  /** @param {'video' | 'audio'} kind @returns {Track | null} */
  #first(kind) {
    const from = this.timeline.periodAt(this.beginning);
    const periods = from ? this.timeline.periods.slice(this.timeline.periods.indexOf(from)) : [];
    for (const period of periods) {
      const track = this.playable(kind, period)[0];
      if (track) return track;
    }

    return null;
  }

  /** @returns {string | undefined} a file that is played as it is, by its ranges */
  #file() {
    return this.timeline.periods.flatMap(({ tracks }) => tracks).find((track) => track.media === 'file' && !track.refused && !track.trickMode)?.file;
  }

  #unblock() {
    const period = this.timeline.periodAt(this.position);
    if (!period || this.refusalOf('video', period) || this.refusalOf('audio', period)) return;
    this.problem = null;
    this.isBlocked = false;
    if (this.feeders.length === 0) void this.start();
    else void this.play();
  }

  #nothingPlays() {
    const tracks = this.timeline.periods.flatMap(({ tracks }) => tracks).filter(({ kind }) => kind === 'video' || kind === 'audio');
    const refused = tracks.find((track) => track.refused)?.refused;
    if (refused) {
      this.block(refused);
      return;
    }

    const unknown = tracks.filter((track) => !isSupported(track)).map(typeOf);
    void this.stop({ kind: 'player', code: null, page: null, message: unknown.length > 0 ? `This browser does not play ${[...new Set(unknown)].join(', ')}.` : 'There is neither picture nor sound in this presentation.' });
  }

  #listen() {
    const { video } = this;
    this.isListening = true;
    setInterval(() => this.#watch(), 250);
    video.addEventListener('loadedmetadata', () => this.#begin());
    video.addEventListener('seeking', () => { for (const feeder of this.feeders) feeder.seek(video.currentTime); });
    video.addEventListener('error', () => this.fail(video.error));
    for (const name of ['play', 'pause', 'playing', 'waiting', 'ended', 'seeked', 'volumechange', 'ratechange']) video.addEventListener(name, () => this.changed());
    if (!video.requestVideoFrameCallback) return;
    video.requestVideoFrameCallback((now) => {
      this.firstFrame = now;
      this.changed();
    });
  }

  #begin() {
    if (this.hasBegun) return;
    this.hasBegun = true;
    if (Math.abs(this.video.currentTime - this.beginning) > 0.05) this.video.currentTime = this.beginning;
  }

  #range() {
    const { source, timeline } = this;
    if (!timeline.isLive || source.readyState !== 'open') return;
    source.setLiveSeekableRange(Math.max(0, timeline.start), Math.max(timeline.start, timeline.end));
  }

  /** @param {number | null} duration of a live presentation that has ended */
  #end(duration) {
    const { source } = this;
    if (source.readyState !== 'open' || this.feeders.some((feeder) => feeder.buffer?.updating)) return;
    if (duration !== null) source.duration = Math.max(duration, ...this.feeders.map((feeder) => lastEnd(feeder.buffer)));
    else source.endOfStream();
  }

  /** Looks after what no event tells: holes that will not be filled, a window that has gone on, a playhead that stands. */
  #watch() {
    const { video, timeline } = this;
    if (this.problem || !this.hasBegun) return;
    if (!timeline.isLive) this.finished();
    if (this.feeders.length === 0) return;
    if (timeline.isLive && video.currentTime < timeline.start && !video.seeking) this.seek(video.paused ? timeline.start + 2 : timeline.begin);
    const isWaiting = !video.paused && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    if (!isWaiting || video.seeking) {
      this.waits = 0;
      return;
    }

    this.waits++;
    // From half a second on it is seen.
    if (this.waits === 3) this.stalls++;
    if (this.waits >= 3) this.stalledFor += this.waits === 3 ? 500 : 250;
    this.#jump();
  }

  /** Over a hole that everybody who could fill it has passed. */
  #jump() {
    const { video } = this, { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
      const start = buffered.start(i);
      if (start <= currentTime + 0.001) continue;
      if (this.feeders.every((feeder) => feeder.done || feeder.cursor > start)) video.currentTime = start + 0.001;
      return;
    }
  }
}

/** @param {Track} track @returns {string} what tells a track of sound or text from another, whatever its quality */
export function nameOf(track) {
  return [track.language, track.label, ...track.roles.filter((role) => role !== 'main')].filter(Boolean).join(' ') || 'default';
}

/** @param {Track} track */
export function isSupported(track) {
  return MediaSource.isTypeSupported(typeOf(track));
}

/** @param {SourceBuffer | null} buffer */
function lastEnd(buffer) {
  return buffer && buffer.buffered.length > 0 ? buffer.buffered.end(buffer.buffered.length - 1) : 0;
}
