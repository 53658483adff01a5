/**
 * The element with this id, of this kind.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no #${id} of this kind`);
  return found;
}

/**
 * Sets the text of the element with this id.
 *
 * @param {string} id
 * @param {string} text
 */
export function write(id, text) {
  const target = element(id, HTMLElement);
  // The same text again would still be a change to whoever watches the page, screen readers among them.
  if (target.textContent !== text) target.textContent = text;
}
