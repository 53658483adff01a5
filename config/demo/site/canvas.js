/**
 * Prepares a canvas whose size CSS rules for sharp drawing: one unit is a CSS pixel, whatever the screen has per pixel.
 * Returns `undefined` while the canvas has no size or cannot be drawn on.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function prepareCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  if (context === null || width === 0 || height === 0) return undefined;
  const ratio = window.devicePixelRatio || 1;
  // Setting the size clears the canvas and costs an allocation: only when it changed.
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, color: colorsOf(canvas) };
}

/**
 * Calls `draw` whenever the canvas gets another size or the page another color scheme.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} draw
 */
export function redrawOnChange(canvas, draw) {
  new ResizeObserver(draw).observe(canvas);
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    window.matchMedia(query).addEventListener("change", draw);
  }
}

/**
 * Reads the colors of the style sheet, so that a drawing has those of the text around it.
 *
 * @param {Element} element
 */
function colorsOf(element) {
  const style = getComputedStyle(element);
  return /** @param {string} name */ (name) => style.getPropertyValue(`--${name}`).trim();
}
