// @ts-check
/** What has happened, in its order, with when it was and what it carried. */

import { get, make, safeLink, setText } from './dom.js';
import { capital, clock, duration, plural, shortKey, shortPlace, size, spaced, systemName } from './format.js';

/** @typedef {import('./types.js').StoryItem} StoryItem */

/** Rows that are shown at once. */
const Shown = 300;

const Licence = new Set(['needed', 'challenge', 'sent', 'licence', 'keys', 'failed', 'refused', 'session', 'keySystem', 'fault']);
const Inner = new Set(['challenge', 'sent']);
const Noise = new Set(['segment', 'map', 'session']);
const Steps = new Set(['manifest', 'keySystem', 'licence', 'keys', 'firstClear']);

/**
 * What can only have happened before what. Facts of different kinds reach the relay on ways of their own, and so a step may be told a moment after the one that came of it.
 */
const Causes = ['manifest', 'header', 'keySystem', 'needed', 'challenge', 'sent', 'licence', 'keys', 'firstClear'];

/** Milliseconds that such a moment is at most; what lies further apart is in the order in which it was told. */
const Moment = 150;

/** What a step is called. Of others the relay's own words are shown. @type {Record<string, (data: Record<string, any>) => string | null>} */
const Names = {
  manifest: () => 'Manifest read',
  header: (d) => `${systemName(d.system)} header found`,
  keySystem: (d) => (d.chosen ? `${systemName(d.chosen)} chosen` : null),
  needed: (d) => (d.request && d.request !== 'license' && d.request !== 'licence' ? `${capital(spaced(d.request))} needed` : 'Licence needed'),
  challenge: () => 'Challenge written',
  sent: () => 'POST to the licence service',
  licence: () => 'Licence received',
  keys: (d) => (d.usable !== undefined && d.keys !== undefined ? `${d.usable} of ${plural(d.keys, 'key')} usable` : null),
  firstClear: () => 'First clear sample',
};

/** What an item carried, in words: sizes, hosts, kinds. @type {Record<string, (data: Record<string, any>) => (string | null | undefined | false)[]>} */
const Carried = {
  manifest: (d) => [d.kind, d.live ? 'live' : d.durationSeconds !== undefined && clock(d.durationSeconds), count(d.periods, 'period'), count(d.tracks, 'track'), count(d.headers, 'header'), d.conflicts ? count(d.conflicts, 'conflict') : null, ms(d.tookMs)],
  header: (d) => [list(d.places?.map(shortPlace)), keys(d.keys), d.size ? bytes(d.size) : null],
  conflict: (d) => [list(d.places?.map(shortPlace))],
  keySystem: (d) => [d.reason, d.provider && `provider ${d.provider}`],
  needed: (d) => [d.exchange > 1 && `exchange ${d.exchange}`],
  challenge: (d) => [bytes(d.bytes)],
  sent: (d) => [d.host, d.attempt > 1 && `attempt ${d.attempt}`],
  licence: (d) => [bytes(d.bytes), ms(d.tookMs)],
  keys: (d) => [keys(d.list?.map((/** @type {{ id: string }} */ key) => key.id))],
  failed: (d) => [d.reason && spaced(d.reason), d.code && `code ${d.code}`, d.advice],
  refused: (d) => [list(d.renditions), d.reason && spaced(d.reason), d.code && `code ${d.code}`],
  firstClear: (d) => [d.rendition],
  segment: (d) => [d.rendition, bytes(d.bytes), d.fetchMs !== undefined && `fetched in ${duration(d.fetchMs)}`, d.waitMs > 0 && `waited ${duration(d.waitMs)}`, d.decryptMs !== undefined && `decrypted in ${duration(d.decryptMs)}`, keys(d.keys), d.status >= 400 && `status ${d.status}`],
    gap: (d) => [d.rendition, d.reason],
  error: (d) => [d.reason && spaced(d.reason), d.advice],
};

/**
 * @param {import('./feed.js').StoryFeed} feed
 * @param {import('./player.js').Player} player
 */
export function startStory(feed, player) {
  const items = get('items');
  /** @type {Map<string, { sent: HTMLElement | null, ms: number }>} by session: rows whose bar shows how long an exchange took */
  const exchanges = new Map();
  /** @type {WeakMap<Element, StoryItem[]>} headers that share a row */
  const headersOf = new WeakMap();
  let filter = 'main', problems = 0, longest = 500;
  /** @type {StoryItem[]} */
  let waiting = [];

  const matches = (/** @type {StoryItem} */ { kind, level }) => {
    if (filter === 'all') return true;
    if (filter === 'problem') return level !== 'info';
    if (filter === 'licence') return Licence.has(kind);
    return !Noise.has(kind) || level === 'error';
  };

  feed.addEventListener('item', (event) => {
    const item = /** @type {CustomEvent<StoryItem>} */ (event).detail;
    note(item);
    if (!matches(item)) return;
    waiting.push(item);
    if (waiting.length === 1) setTimeout(flush, 40);
  });
  feed.addEventListener('connection', () => { document.documentElement.dataset.connected = String(feed.isConnected); });

  for (const button of document.querySelectorAll('[data-filter]')) {
    button.addEventListener('click', () => {
      filter = /** @type {HTMLElement} */ (button).dataset.filter ?? 'main';
      for (const other of document.querySelectorAll('[data-filter]')) other.setAttribute('aria-pressed', String(other === button));
      items.replaceChildren();
      exchanges.clear();
      waiting = [...feed.items.values()].filter(matches).slice(-Shown);
      flush();
      items.scrollTop = filter === 'main' ? 0 : items.scrollHeight;
    });
  }

  /** @param {StoryItem} item */
  function note(item) {
    if (item.level !== 'info') setText(get('problems'), ` ${++problems}`);
    if (item.kind === 'firstClear' && get('hero').hidden) {
      get('hero').hidden = false;
      setText(get('hero-time'), duration(item.ms));
    }

    if (item.kind === 'error' && player.timeline.periods.length === 0) {
      const { reason, page, code, advice } = item.data;
      void player.stop({ kind: reason ? spaced(reason) : 'failed', message: [item.text, advice].filter(Boolean).join(' '), code: code ?? null, page: page ?? null });
    }
  }

  function flush() {
    const isAtEnd = items.scrollHeight - items.scrollTop - items.clientHeight < 40 && items.scrollTop > 0;
    for (const item of waiting) append(item);
    waiting = [];
    while (items.children.length > Shown) items.firstElementChild?.remove();
    if (isAtEnd) items.scrollTop = items.scrollHeight;
  }

  /** @param {StoryItem} item */
  function append(item) {
    const last = items.lastElementChild;
    // A manifest with many headers would else hide what comes of them.
    if (item.kind === 'header' && item.level === 'info' && last instanceof HTMLElement && last.dataset.kind === 'header') gather(last, item);
    else place(row(item), item);
  }

  /** @param {HTMLElement} row @param {StoryItem} item */
  function place(row, item) {
    const rank = Causes.indexOf(item.kind);
    /** @type {Element | null} */
    let after = items.lastElementChild;
    for (; rank >= 0 && after instanceof HTMLElement; after = after.previousElementSibling) {
      const told = Number(after.dataset.ms);
      if (item.ms - told > Moment || Causes.indexOf(after.dataset.kind ?? '') <= rank) break;
      row.dataset.ms = after.dataset.ms;
      setText(/** @type {HTMLElement} */ (row.firstElementChild), when(told));
    }

    if (after) after.after(row);
    else items.prepend(row);
  }

  /** @param {HTMLElement} row of headers @param {StoryItem} item one more of them */
  function gather(row, item) {
    const headers = [...headersOf.get(row) ?? [], item], systems = [...new Set(headers.map(({ data }) => systemName(data.system)))];
    headersOf.set(row, headers);
    setText(/** @type {HTMLElement} */ (row.querySelector('.what')), `${plural(headers.length, 'header')} found`);
    const carried = row.querySelector('.carried');
    if (carried instanceof HTMLElement) setText(carried, systems.map((system) => `${system} ${headers.filter(({ data }) => systemName(data.system) === system).length}`).join(' · '));
    const facts = row.querySelector('.facts');
    if (facts && headers.length === 2) facts.replaceChildren(...headers.flatMap(line));
    else facts?.append(...line(item));
  }

  /** @param {StoryItem} item @returns {Node[]} */
  function line(item) {
    return [make('dt', { text: systemName(item.data.system) }), make('dd', { text: [list(item.data.places), words({ ...item, data: { ...item.data, places: [] } })].filter(Boolean).join(' · ') })];
  }

  /** @param {StoryItem} item */
  function row(item) {
    const { kind, level, text, data } = item;
    const carried = words(item), body = [make('span', { class: 'what', text: capital(Names[kind]?.(data ?? {}) ?? text) })];
    const more = details(item);
    const summary = more ? make('summary', {}, ...body) : null;
    const line = carried ? make('div', { class: 'carried', text: carried }) : null;
    const content = summary ? make('details', {}, summary, more) : make('div', { class: 'plain' }, ...body);
    const classes = ['item', Inner.has(kind) ? 'inner' : '', Steps.has(kind) ? 'step' : '', Noise.has(kind) ? 'inner' : '', level === 'info' ? '' : level].filter(Boolean).join(' ');
    const cell = make('div', { class: 'cell' }, content);
    // What it carried is seen without opening anything.
    if (line) (summary ?? content).append(line);
    waterfall(item, cell);
    const entry = make('li', { class: classes, 'data-kind': kind, 'data-ms': String(item.ms) }, make('span', { class: 'when', text: when(item.ms) }), make('span', { class: 'rail', 'aria-hidden': 'true' }), cell);
    if (kind === 'header') headersOf.set(entry, [item]);
    return entry;
  }

  /** @param {StoryItem} item @param {HTMLElement} cell */
  function waterfall({ kind, ms: at, data }, cell) {
    const name = String(data?.session);   // its exchanges come one after another
    if (kind === 'sent') {
      const bar = make('div', { class: 'bar-line', 'aria-hidden': 'true' }, make('span'));
      cell.append(bar);
      exchanges.set(name, { sent: bar, ms: at });
    } else if (kind === 'licence' || kind === 'failed') {
      const exchange = exchanges.get(name);
      if (!exchange?.sent) return;
      const took = at - exchange.ms;
      longest = Math.max(longest, took);
      /** @type {HTMLElement} */ (exchange.sent.firstElementChild).style.width = `${Math.max(1, took / longest * 100)}%`;
      exchange.sent.title = duration(took);
      exchanges.delete(name);
    }
  }
}

/** @param {StoryItem} item @returns {string} */
function words({ kind, data }) {
  try {
    return (Carried[kind]?.(data ?? {}) ?? []).filter((part) => part).join(' · ');
  } catch {
    return '';   // an item of another version of the relay: its text is there all the same
  }
}

/** @param {StoryItem} item @returns {HTMLElement | null} all that it carried, name by name */
function details({ kind, data, at, text }) {
  const rows = Object.entries(data ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (rows.length === 0) return null;
  const list = make('dl', { class: 'facts' }, make('dt', { text: 'said' }), make('dd', { text }), make('dt', { text: 'time' }), make('dd', { text: new Date(at * 1000).toLocaleTimeString([], { hour12: false }) }));
  for (const [name, value] of rows) {
    const page = name === 'page' ? safeLink(String(value)) : null;
    list.append(make('dt', { text: spaced(name) }), make('dd', {}, page ? make('a', { href: page, target: '_blank', rel: 'noopener noreferrer', text: 'what to do' }) : plain(value, kind)));
  }

  return list;
}

/** @param {any} value @param {string} kind @returns {string} */
function plain(value, kind) {
  if (Array.isArray(value)) return value.map((part) => plain(part, kind)).join(', ') || 'none';
  if (value !== null && typeof value === 'object') return Object.entries(value).map(([name, part]) => `${spaced(name)} ${plain(part, kind)}`).join(' ');
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
  return String(value);
}

/** @param {number} milliseconds since the relay began */
function when(milliseconds) {
  return milliseconds < 100_000 ? (milliseconds / 1000).toFixed(3) : clock(milliseconds / 1000);
}

/** @param {number | undefined} number @param {string} one */
function count(number, one) {
  return number === undefined ? null : plural(number, one);
}

/** @param {number | undefined} number */
function bytes(number) {
  return number === undefined ? null : size(number);
}

/** @param {number | undefined} number */
function ms(number) {
  return number === undefined ? null : duration(number);
}

/** @param {string[] | undefined} words */
function list(words) {
  return words && words.length > 0 ? words.join(', ') : null;
}

/** @param {string[] | number | undefined} ids */
function keys(ids) {
  if (typeof ids === 'number') return plural(ids, 'key');
  if (!ids || ids.length === 0) return null;
  return ids.length > 3 ? plural(ids.length, 'key') : ids.map(shortKey).join(', ');
}
