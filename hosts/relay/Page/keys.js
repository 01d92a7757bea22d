// @ts-check
/** Sessions and their keys: what they may do, and for how long still. */

import { colourOf } from './colours.js';
import { announce, calmly, get, make, safeLink, setText } from './dom.js';
import { left, shortKey, spaced, systemName, timeOfDay } from './format.js';
import { problemOf } from './fetching.js';

/** @typedef {import('./types.js').SessionFact} SessionFact */

const Matters = new Set(['session', 'keys', 'licence', 'failed', 'needed', 'refused']);
const Good = new Set(['usable', 'usableInFuture']), Bad = new Set(['expired', 'internalError', 'outputRestricted', 'failed', 'released']);

/**
 * @param {import('./feed.js').StoryFeed} feed
 * @returns {() => Promise<void>} renews all licences
 */
export function startKeys(feed) {
  const place = get('sessions'), button = /** @type {HTMLButtonElement} */ (get('renew'));
  /** @type {{ until: number, element: HTMLElement, over: string }[]} what is counted down; unix seconds */
  let counted = [];
  let skew = 0, shown = '';
  const refresh = calmly(() => void read(), 120);

  feed.addEventListener('item', (event) => {
    if (Matters.has(/** @type {CustomEvent<import('./types.js').StoryItem>} */ (event).detail.kind)) refresh();
  });
  addEventListener('themechange', () => { shown = ''; refresh(); });
  button.addEventListener('click', () => void renew());
  setInterval(tick, 1000);
  setInterval(refresh, 15_000);
  refresh();

  async function renew() {
    button.disabled = true;
    try {
      const response = await fetch('renew', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
      announce(response.ok ? 'Renewal asked for' : (await problemOf(response)).message);
    } catch {
      announce('The relay does not answer');
    } finally {
      button.disabled = false;
    }
  }

  async function read() {
    try {
      const response = await fetch('keys');
      if (!response.ok) return;
      /** @type {{ now: number, sessions: SessionFact[] }} */
      const answer = await response.json();
      skew = answer.now - Date.now() / 1000;
      show(answer.sessions);
    } catch {
      // The relay is away: what is shown stays, and counts on.
    }
  }

  /** @param {SessionFact[]} sessions */
  function show(sessions) {
    // Rebuilt only when it says something else: the focus of the keyboard and the reader's place stay.
    const text = JSON.stringify(sessions);
    if (text === shown || sessions.length === 0) return;
    shown = text;
    counted = [];
    const isUsed = (/** @type {SessionFact} */ session) => session.state !== 'closed' && session.state !== 'released';
    place.replaceChildren(...[...sessions].sort((a, b) => Number(isUsed(b)) - Number(isUsed(a))).map(row));
    tick();
  }

  /** @param {SessionFact} session */
  function row(session) {
    const { failure } = session, page = safeLink(failure?.page);
    return make('div', { class: 'session' },
      make('div', { class: 'line' },
        make('b', { text: systemName(session.keySystem) }), status(session.state),
        session.host && make('span', { class: 'hint', text: session.host }), session.provider && make('span', { class: 'hint', text: `provider ${session.provider}` }),
        session.exchanges !== undefined && make('span', { class: 'hint', text: `${session.exchanges} ${session.exchanges === 1 ? 'exchange' : 'exchanges'}` }),
        until('renews in', session.renewAt, 'renewing'), until('expires in', session.expiresAt, 'expired')),
      failure && make('div', { class: 'box bad' }, make('b', { text: `${spaced(failure.reason ?? 'failed')}${failure.code ? ` (${failure.code})` : ''}` }), ' ', failure.text ?? '', ' ', failure.advice ?? '', ' ',
        page && make('a', { href: page, target: '_blank', rel: 'noopener noreferrer', text: 'What to do' })),
      session.keys.length > 0 && make('div', { class: 'scroll' }, make('table', {},
        make('thead', {}, make('tr', {}, ...['Key', 'Status', 'Expires', 'Served clear'].map((text) => make('th', { scope: 'col', text })))),
        make('tbody', {}, ...session.keys.map((key) => make('tr', {},
          make('td', {}, keyChip(key.id, true)), make('td', {}, status(key.status)), make('td', {}, until('in', key.expiresAt, 'expired') || 'never'),
          make('td', { text: key.export === undefined ? '–' : key.export ? 'yes' : 'no' })))))));
  }

  /** @param {string} name @param {number | undefined} at unix seconds @param {string} over */
  function until(name, at, over) {
    if (at === undefined || at === null) return null;
    const time = make('b');
    counted.push({ until: at, element: time, over });
    return make('span', { class: 'until', title: timeOfDay(at) }, `${name} `, time);
  }

  function tick() {
    const now = Date.now() / 1000 + skew;
    for (const { until: at, element, over } of counted) setText(element, at <= now ? over : left(at - now));
  }

  return renew;
}

/** @param {string} word */
function status(word) {
  return make('span', { class: `status ${Good.has(word) ? 'good' : Bad.has(word) ? 'bad' : 'warn'}`, text: spaced(word) });
}

/** @param {string} id @param {boolean} whole whether all of it is shown */
export function keyChip(id, whole) {
  const dot = make('span', { class: 'dot', 'aria-hidden': 'true' });
  dot.style.background = colourOf(id);
  return make('span', { class: 'key', title: id }, dot, whole ? id : shortKey(id));
}
