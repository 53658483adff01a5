import { roundTripStep } from "./statistics.js";

/** @typedef {import("./sockets.js").SocketView} SocketView */

const Slots = 250;

/**
 * What a cell says: the stream where there is one, else the connection; a sign for one that has neither.
 *
 * @param {SocketView} view
 */
export function labelOf(view) {
  if (view.state === "failed" || view.state === "lost") return "×";
  return `${view.stream ?? view.connection ?? "·"}`;
}

/**
 * Where an arrow key leads among `count` cells in rows of `columns`; `undefined` for another key.
 *
 * @param {string} key
 * @param {number} index
 * @param {number} columns
 * @param {number} count
 */
export function neighbour(key, index, columns, count) {
  const target = new Map([
    ["ArrowLeft", index - 1],
    ["ArrowRight", index + 1],
    ["ArrowUp", index - columns],
    ["ArrowDown", index + columns],
    ["Home", 0],
    ["End", count - 1],
  ]).get(key);
  if (target === undefined) return undefined;
  return target >= 0 && target < count ? target : index;
}

/** One cell for each WebSocket, in a grid with room for the most there can be, so that nothing moves when there are more. */
export class SocketGrid {
  /** @type {HTMLButtonElement[]} */
  #cells;
  #count = 0;
  #chosen = 0;
  /** @type {number | undefined} */
  #pointed;

  #shownChanged;

  /**
   * @param {HTMLElement} root
   * @param {() => void} shownChanged is called when `shown` is another cell
   */
  constructor(root, shownChanged) {
    this.#shownChanged = shownChanged;
    this.#cells = Array.from({ length: Slots }, createCell);
    root.append(...this.#cells);
    root.addEventListener("keydown", (event) => this.#walk(event));
    for (const type of ["focusin", "click"]) {
      root.addEventListener(type, ({ target }) => this.#choose(this.#indexOf(target) ?? this.#chosen));
    }
    root.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#point(this.#indexOf(event.target));
    });
    root.addEventListener("pointerleave", () => this.#point(undefined));
  }

  /** Index of the cell whose details are asked for: the one under the mouse, else the one chosen last. */
  get shown() {
    return this.#pointed ?? this.#chosen;
  }

  /**
   * Empties every cell and puts the first `count` in use.
   *
   * @param {number} count
   */
  reset(count) {
    this.#count = count;
    this.#pointed = undefined;
    this.#cells.forEach((cell, index) => {
      cell.disabled = index >= count;
      cell.ariaHidden = `${cell.disabled}`;
      cell.textContent = "";
      for (const name of Object.keys(cell.dataset)) delete cell.dataset[name];
      if (index < count) cell.dataset.state = "opening";
    });
    this.#choose(Math.min(this.#chosen, count - 1));
  }

  /**
   * Shows a change of state: what the cell says and how it looks.
   *
   * @param {SocketView} view
   */
  update(view) {
    const cell = this.#cells[view.index];
    if (cell === undefined) return;
    const { state, http, connection, stream } = view;
    cell.textContent = labelOf(view);
    cell.ariaLabel = `WebSocket ${view.index + 1}, ${state}${stream === undefined ? "" : `, stream ${stream}`}, connection ${connection ?? "unknown"}`;
    for (const [name, value] of Object.entries({ state, http, connection, stream })) {
      if (value === undefined) delete cell.dataset[name];
      else cell.dataset[name] = `${value}`;
    }
    if (state !== "open") delete cell.dataset.rtt;
  }

  /**
   * Colors the cells by their newest round trips.
   *
   * @param {readonly SocketView[]} views
   */
  color(views) {
    for (const { index, state, roundTripMs } of views) {
      if (state !== "open" || roundTripMs === undefined) continue;
      const step = `${roundTripStep(roundTripMs)}`;
      const cell = this.#cells[index];
      // Most cells keep their color from one time to the next: reading is cheaper than a style recalculation.
      if (cell && cell.dataset.rtt !== step) cell.dataset.rtt = step;
    }
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const firstTop = this.#cells[0]?.offsetTop;
    const columns = this.#cells.filter((cell) => cell.offsetTop === firstTop).length;
    const target = neighbour(event.key, this.#chosen, columns, this.#count);
    if (target === undefined) return;
    event.preventDefault();
    this.#cells[target]?.focus();
  }

  /** One cell is in the order of the Tab key; the arrow keys lead to the others. @param {number} index */
  #choose(index) {
    const before = this.#cells[this.#chosen];
    const after = this.#cells[index];
    if (before) before.tabIndex = -1;
    if (after) after.tabIndex = 0;
    this.#chosen = index;
    this.#shownChanged();
  }

  /** @param {number | undefined} index */
  #point(index) {
    this.#pointed = index;
    this.#shownChanged();
  }

  /** @param {EventTarget | null} target */
  #indexOf(target) {
    const index = this.#cells.findIndex((cell) => cell === target);
    return index === -1 || index >= this.#count ? undefined : index;
  }
}

function createCell() {
  const cell = document.createElement("button");
  cell.type = "button";
  cell.disabled = true;
  cell.tabIndex = -1;
  return cell;
}
