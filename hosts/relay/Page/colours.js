// @ts-check
/** One colour a key id, in the order in which the ids are met: neighbours in a rotation differ. Each is told by its id as well, never by colour alone. */

/** Hue, and lightness on a light and a dark ground: apart for people who do not tell red from green. */
const Palette = /** @type {const} */ ([
  ['#0b7285', '#3bc9db'], ['#b35c00', '#ffa94d'], ['#5f3dc4', '#9775fa'], ['#2b8a3e', '#69db7c'], ['#a61e4d', '#f783ac'], ['#1864ab', '#74c0fc'], ['#7a6200', '#ffd43b'], ['#087f5b', '#38d9a9'],
]);

/** @type {Map<string, number>} */
const order = new Map();

/** @param {string} id */
export function meet(id) {
  if (!order.has(id)) order.set(id, order.size);
}

/** @param {string | null} id @returns {string} a colour of CSS for the ground that is shown */
export function colourOf(id) {
  const isDark = matchesDark();
  if (id === null) return isDark ? '#5c6873' : '#adb5bd';
  meet(id);
  return Palette[/** @type {number} */ (order.get(id)) % Palette.length][isDark ? 1 : 0];
}

export function matchesDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
}
