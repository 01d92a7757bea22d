// @ts-check
/** What protects the presentation: the choice of a key system, conflicts, and every header with what it says and where it was found. */

import { calmly, get, make } from './dom.js';
import { plural, shortSource, size, systemName } from './format.js';
import { keyChip } from './keys.js';

/** @typedef {import('./types.js').Facts} Facts */
/** @typedef {import('./types.js').HeaderFact} HeaderFact */

const Matters = new Set(['header', 'conflict', 'keySystem', 'refused', 'manifest']);

/**
 * @param {import('./feed.js').StoryFeed} feed
 * @param {import('./player.js').Player} player
 * @returns {Promise<Facts>} the first facts that there are
 */
export function startProtection(feed, player) {
  /** @type {(facts: Facts) => void} */
  let first = () => {};
  const promise = new Promise((/** @type {(facts: Facts) => void} */ resolve) => { first = resolve; });
  let shown = '';
  const refresh = calmly(() => void read(), 400);
  feed.addEventListener('item', (event) => {
    if (Matters.has(/** @type {CustomEvent<import('./types.js').StoryItem>} */ (event).detail.kind)) refresh();
  });
  addEventListener('themechange', () => { shown = ''; void read(); });
  void read();
  showAddresses();
  return promise;

  async function read() {
    try {
      const response = await fetch('facts');
      if (!response.ok) {
        if (response.status === 409 && !player.problem) refresh();
        return;
      }

      /** @type {Facts} */
      const facts = await response.json();
      first(facts);
      const text = JSON.stringify(facts);
      if (text !== shown) show(facts);
      shown = text;
    } catch {
      // The relay is away.
    }
  }

  /** @param {Facts} facts */
  function show(facts) {
    const source = get('source');
    source.textContent = shortSource(facts.source ?? '');
    source.title = facts.source ?? '';
    document.title = `${facts.source?.split('/').at(-1) ?? 'presentation'} · keyway serve`;
    const words = [facts.kind?.toUpperCase(), facts.keySystem?.chosen && systemName(facts.keySystem.chosen), facts.provider && `provider ${facts.provider}`].filter(Boolean);
    get('badges').replaceChildren(make('li', { class: 'state', text: '…' }), ...words.map((text) => make('li', { text: String(text) })));
    player.changed();
    get('choice').replaceChildren(...choice(facts));
    get('conflicts').replaceChildren(...(facts.conflicts ?? []).map((conflict) => make('div', { class: 'box warn' }, make('b', { text: 'Conflict ' }), conflictText(conflict))));
    const open = new Set([...get('headers').querySelectorAll('details[open]')].map((element) => /** @type {HTMLElement} */ (element).dataset.name));
    const headers = facts.headers ?? [];
    get('headers').replaceChildren(headers.length > 0 ? make('h3', { text: plural(headers.length, 'header') }) : make('p', { class: 'hint', text: 'Nothing says that this is protected.' }), ...headers.map((entry, i) => header(entry, open.has(`${entry.system} ${i}`), `${entry.system} ${i}`)));
    get('notes').replaceChildren(...(facts.notes ?? []).map((text) => make('li', { text: String(text) })));
  }
}

/** @param {Facts} facts */
function choice({ keySystem, licenseUrls }) {
  if (!keySystem) return [];
  const rows = [];
  if (keySystem.chosen) rows.push(make('li', {}, make('b', { text: systemName(keySystem.chosen) }), make('span', {}, make('b', { text: 'chosen' }), keySystem.reason ? `: ${keySystem.reason}` : '')));
  else rows.push(make('li', {}, make('b', { text: 'none' }), make('span', { text: keySystem.reason ?? '' })));
  for (const { name, reason } of keySystem.others ?? []) rows.push(make('li', { class: 'no' }, make('span', { text: systemName(name) }), make('span', { text: reason ?? 'not chosen' })));
  const urls = (licenseUrls ?? []).map((url) => make('li', { class: 'no' }, make('span', { text: 'licence at' }), make('span', { class: 'mono', text: typeof url === 'string' ? url : JSON.stringify(url) })));
  return [make('ul', { class: 'systems', 'aria-label': 'Key systems' }, ...rows, ...urls)];
}

/** @param {HeaderFact} entry @param {boolean} isOpen @param {string} name */
function header({ system, systemId, kids = [], kidsInferred, dataSize, sources = [], decoded, problem }, isOpen, name) {
  const facts = make('dl', { class: 'facts' });
  const add = (/** @type {string} */ term, /** @type {(Node | string)[]} */ ...what) => facts.append(make('dt', { text: term }), make('dd', {}, ...what));
  if (sources.length > 0) add('found in', ...sources.flatMap((source, i) => (i > 0 ? [document.createElement('br'), source] : [source])));
  if (systemId) add('system', make('code', { text: systemId }));
  if (kids.length > 0) add(kidsInferred ? 'keys, inferred' : 'keys', ...kids.flatMap((kid, i) => (i > 0 ? [document.createElement('br'), keyChip(kid, true)] : [keyChip(kid, true)])));
  if (dataSize) add('data', size(dataSize));
  if (decoded?.contentId) add('content id', decoded.contentId);
  if (decoded?.licenseUrl) add('licence at', make('code', { text: decoded.licenseUrl }));
  for (const { name: fact, value } of decoded?.facts ?? []) add(fact, value);
  return make('details', { class: 'header', 'data-name': name, open: isOpen },
    make('summary', {}, make('b', { text: systemName(system) }), make('span', { class: 'hint', text: `${plural(kids.length, 'key')} · ${plural(sources.length, 'place')}` }), problem && make('span', { class: 'status bad', text: 'not understood' })),
    problem && make('div', { class: 'box bad', text: problem }), facts);
}

/** @param {any} conflict @returns {string} */
function conflictText(conflict) {
  if (typeof conflict === 'string') return conflict;
  return String(conflict?.text ?? Object.values(conflict ?? {}).join(' '));
}

function showAddresses() {
  const rows = /** @type {const} */ ([['DASH', 'manifest.mpd'], ['HLS', 'master.m3u8']]).map(([name, file]) => {
    const address = new URL(file, document.baseURI).href;
    const copy = make('button', { type: 'button', text: 'Copy', 'aria-label': `Copy the address of ${name}` });
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(address);
        copy.textContent = 'Copied';
      } catch {
        copy.textContent = 'Not allowed';
      }

      setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
    });
    return make('li', {}, make('b', { text: name }), make('code', { text: address, title: address }), copy);
  });
  get('addresses').replaceChildren(...rows);
}
