// @ts-check
/**
 * The presentation as the relay tells it: periods, tracks, segments, all at times of one timeline in seconds.
 * Nothing here knows of manifests; the relay has read them.
 */

/** @typedef {import('./types.js').MapAnswer} MapAnswer */
/** @typedef {import('./types.js').Period} Period */
/** @typedef {import('./types.js').Track} Track */
/** @typedef {import('./types.js').Segment} Segment */
/** @typedef {import('./types.js').SegmentsAnswer} SegmentsAnswer */

/** Two segments that are nearer than this are neighbours, and a segment of which less than this is left is over. */
export const Tolerance = 0.1;

/** Of a live window so much is listed before the moment that plays. The rest is asked for when somebody goes there. */
const ListedBefore = 60;

/** The segments of one track. They are found by time: in a live window the number of a row is another segment a moment later. */
export class SegmentList {
  /** @param {string} address */
  constructor(address) {
    this.address = address;
    /** @type {Segment[]} in their order */
    this.rows = [];
    this.version = -1;
    /** @type {Promise<void> | null} */
    this.loading = null;
  }

  /**
   * The segment that plays at a time, or the next one behind it.
   * @param {number} time
   * @returns {Segment | null}
   */
  at(time) {
    const { rows } = this;
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1, row = rows[middle];
      if (row.start + row.duration > time + Math.min(Tolerance, row.duration / 2)) high = middle;
      else low = middle + 1;
    }

    return rows[low] ?? null;
  }

  /**
   * Has what the relay knows of a moment: asks for it where it is not there yet, or where a newer snapshot may tell more.
   * @param {number} time
   * @param {Timeline} timeline
   */
  async reach(time, timeline) {
    const { rows } = this;
    if (this.loading) await this.loading;
    if (this.version < 0) await this.#load(timeline, timeline.isLive ? time - ListedBefore : null, null);
    else if (timeline.isLive && rows.length > 0 && time < rows[0].start - Tolerance && rows[0].start > timeline.start + Tolerance) await this.#load(timeline, time - ListedBefore, rows[0].start);
    else if (this.version !== timeline.version && this.at(time) === null) await this.#load(timeline, rows.at(-1)?.start ?? null, null);
  }

  /** @param {Timeline} timeline @param {number | null} from @param {number | null} until */
  async #load(timeline, from, until) {
    const query = new URLSearchParams();
    if (from !== null) query.set('from', String(Math.max(0, from)));
    if (until !== null) query.set('until', String(until));
    this.loading = (async () => {
      const response = await fetch(query.size > 0 ? `${this.address}?${query}` : this.address, { cache: 'no-store' });
      // Of a period that is gone from the window there is no more than is known already.
      if (response.ok) this.#merge(await response.json(), timeline);
      else if (response.status !== 404) throw new Error(`the list of segments: ${response.status}`);
      this.version = timeline.version;
    })().finally(() => { this.loading = null; });
    await this.loading;
  }

  /** @param {SegmentsAnswer} answer @param {Timeline} timeline */
  #merge({ segments, keys = [] }, timeline) {
    /** @type {Map<number, Segment>} */
    const byStart = new Map(this.rows.map((row) => [row.start, row]));
    for (const { u, s, d, k } of segments) byStart.set(s, { address: u, start: s, duration: d, key: k === undefined ? byStart.get(s)?.key ?? null : keys[k] });
    const rows = [...byStart.values()].sort((a, b) => a.start - b.start);
    rows.forEach((row, i) => {
      // A segment of which nobody says how long it is ends where the next one begins.
      if (!(row.duration > 0)) row.duration = Math.max(0.001, (rows[i + 1]?.start ?? timeline.end) - row.start);
    });
    this.rows = timeline.isLive ? rows.filter((row) => row.start + row.duration > timeline.start - 30) : rows;
  }
}

/** One snapshot of the presentation. */
export class Timeline {
  /**
   * @param {MapAnswer} answer
   * @param {Timeline | null} before the snapshot before, whose lists of segments go on
   */
  constructor(answer, before) {
    this.version = answer.version;
    this.isLive = answer.live && !answer.ended;
    /** @type {Map<string, SegmentList>} */
    this.lists = new Map();
    this.periods = answer.periods.map((period, i) => this.#period(period, answer.periods[i + 1]?.start, before));
    this.latency = answer.delay ?? 6;
    this.reloadAfter = answer.reloadAfter ?? null;
    this.zeroAt = answer.availabilityStartAt ?? null;
    const last = this.periods.at(-1);
    /** What is offered, in seconds of the presentation. */
    this.start = answer.window?.start ?? this.periods[0]?.start ?? 0;
    this.end = answer.window?.end ?? answer.duration ?? last?.end ?? 0;
  }

  /** Where playing begins when nobody says otherwise. */
  get begin() {
    return this.isLive ? Math.max(this.start, this.end - this.latency) : this.start;
  }

  /**
   * The period that plays at a time; the last one behind the end of all.
   * @param {number} time
   * @returns {Period | null}
   */
  periodAt(time) {
    const { periods } = this;
    for (let i = periods.length - 1; i > 0; i--) if (periods[i].start <= time + 0.001) return periods[i];
    return periods[0] ?? null;
  }

  /**
   * The period after another.
   * @param {Period} period
   * @returns {Period | null}
   */
  after(period) {
    return this.periods[this.periods.indexOf(period) + 1] ?? null;
  }

  /** @param {MapAnswer['periods'][number]} period @param {number | undefined} next @param {Timeline | null} before @returns {Period} */
  #period({ id, start, duration, renditions }, next, before) {
    const tracks = renditions.map((rendition) => {
      const segments = before?.lists.get(rendition.id) ?? new SegmentList(rendition.segments ?? `${rendition.id}/segments`);
      this.lists.set(rendition.id, segments);
      return {
        ...rendition, segments, codecs: rendition.codecs ?? '', bandwidth: rendition.bandwidth ?? 0, language: rendition.language ?? '', label: rendition.label ?? '', roles: rendition.roles ?? [],
        keys: rendition.keys ?? [], offset: rendition.offset ?? 0,
        refused: rendition.served ? null : { kind: rendition.refused?.reason ?? 'refused', message: rendition.refused?.text ?? 'It is not served.', code: rendition.refused?.code ?? null, page: rendition.refused?.page ?? null },
      };
    });
    return { id, start, end: next ?? (duration === undefined ? null : start + duration), tracks };
  }
}
