// @ts-check
/** Elements made of texts: whatever content, services or people wrote becomes text, and never markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | null | undefined>} [attributes] `text` is its text
 * @param {(Node | string | null | undefined | false)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'text') element.textContent = String(value);
    else element.setAttribute(name, value === true ? '' : value);
  }

  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => /** @type {Node | string} */ (child)));
  return element;
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T} the element of the page with this id
 */
export function get(id) {
  return /** @type {T} */ (/** @type {unknown} */ (document.getElementById(id)));
}

/** @param {HTMLElement} element @param {string} text set where it is another: so that nothing is announced anew */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A link to a page of the project's errors, where an answer names one that may be opened.
 * @param {string | null | undefined} page
 * @returns {string | null}
 */
export function safeLink(page) {
  if (!page) return null;
  try {
    const url = new URL(page, document.baseURI);
    return url.protocol === 'https:' || url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}

/** @param {string} text said once by screen readers */
export function announce(text) {
  setText(get('announce'), text);
}

/**
 * A function that runs at most once in so many milliseconds, and a last time after the last call.
 * @param {() => void} action
 * @param {number} milliseconds
 */
export function calmly(action, milliseconds) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    setTimeout(() => { due = false; action(); }, milliseconds);
  };
}
