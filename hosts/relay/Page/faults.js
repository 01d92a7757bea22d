// @ts-check
/** Faults of the sandbox's licence service, chosen here: people learn what their player would see. Only with `--faults`. */

import { announce, get, make } from './dom.js';
import { capital } from './format.js';

/** @typedef {{ choices: { name: string, title: string, text?: string }[], active: string[] }} FaultsAnswer */

/** @param {import('./types.js').Facts} facts */
export async function startFaults(facts) {
  if (!facts.faults) return;
  const place = get('fault-choices');
  /** @type {FaultsAnswer} */
  const first = await (await fetch('faults')).json();
  show(first);
  get('faults').hidden = false;

  /** @param {FaultsAnswer} answer */
  function show({ choices, active }) {
    place.replaceChildren(...choices.map(({ name, title, text }) => {
      const input = make('input', { type: 'radio', name: 'fault', value: name });
      input.checked = active.includes(name) || (active.length === 0 && name === 'none');
      input.addEventListener('change', () => void set(name, title));
      return make('label', {}, input, make('span', {}, capital(title), text ? make('small', { text }) : null));
    }));
  }

  /** @param {string} name @param {string} title */
  async function set(name, title) {
    const ask = (/** @type {string} */ address, /** @type {object} */ body) => fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    try {
      const response = await ask('faults', { name });
      announce(response.ok ? `Fault: ${title}` : 'The fault could not be set');
      // At once, and not with the next licence that would have been asked for anyway.
      if (response.ok) await ask('renew', {});
    } catch {
      announce('The relay does not answer');
    }
  }
}
