// @ts-check
/** Light, dark, or as the system says. Kept in the browser. */

import { get } from './dom.js';

const Kept = 'keyway-theme';
const Names = /** @type {Record<string, string>} */ ({ '': 'as the system', light: 'light', dark: 'dark' });

function read() {
  try {
    const kept = localStorage.getItem(Kept);
    return kept === 'light' || kept === 'dark' ? kept : '';
  } catch {
    return '';   // a browser that keeps nothing
  }
}

/** @param {string} name */
function set(name) {
  if (name === '') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  get('theme').setAttribute('aria-label', `Colours: ${Names[name]}`);
  dispatchEvent(new Event('themechange'));
}

export function nextTheme() {
  const now = document.documentElement.dataset.theme ?? '';
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  // First the other one of what the system says, then the same, then whatever it says.
  const order = isDark ? ['', 'light', 'dark'] : ['', 'dark', 'light'];
  const next = order[(order.indexOf(now) + 1) % order.length];
  set(next);
  try {
    localStorage.setItem(Kept, next);
  } catch {
    // It holds until the page is closed.
  }
}

export function startTheme() {
  set(read());
  get('theme').addEventListener('click', nextTheme);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => dispatchEvent(new Event('themechange')));
}
