import { prepareCanvas, redrawOnChange } from "./canvas.js";
import { formatCount } from "./statistics.js";

/** @typedef {{ atMs: number, value: number, side: "on" | "off" }} Point */

const WindowMs = 60_000;
const TickMs = 10_000;
/** A silence longer than this ends a line. */
const GapMs = 1_600;
const Headroom = 1.08;
const Margin = { top: 28, right: 16, bottom: 40, left: 50 };

/**
 * An axis from 0 that holds `highest`, in at most five round steps.
 *
 * @param {number} highest
 * @returns {{ top: number, step: number }}
 */
export function axisFor(highest) {
  const least = Math.max(highest * Headroom, 5);
  const power = 10 ** Math.floor(Math.log10(least / 5));
  const step = [1, 2, 2.5, 5].map((factor) => factor * power).find((step) => step * 5 >= least) ?? 10 * power;
  return { top: Math.ceil(least / step) * step, step };
}

/**
 * Cuts points into lines that can be drawn at one go: one for each stretch on the same side without a gap.
 *
 * @param {readonly Point[]} points oldest first
 * @param {number} gapMs
 * @returns {Point[][]}
 */
export function linesOf(points, gapMs) {
  /** @type {Point[][]} */
  const lines = [];
  for (const point of points) {
    const line = lines.at(-1);
    const last = line?.at(-1);
    if (line && last && last.side === point.side && point.atMs - last.atMs <= gapMs) line.push(point);
    else lines.push([point]);
  }
  return lines;
}

/** A rate over the last minute, in one color for each side of the comparison. */
export class Plot {
  #canvas;
  /** @type {Point[]} */
  #points = [];
  #nowMs = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    redrawOnChange(canvas, () => this.#draw());
  }

  /**
   * Moves the window to `nowMs` and draws; without a `point` the line has a gap there.
   *
   * @param {number} nowMs
   * @param {Point} [point]
   */
  advance(nowMs, point) {
    this.#nowMs = nowMs;
    if (point) this.#points.push(point);
    while (this.#points[0] && this.#points[0].atMs < nowMs - WindowMs) this.#points.shift();
    this.#draw();
  }

  #draw() {
    const surface = prepareCanvas(this.#canvas);
    if (surface === undefined) return;
    const { context, width, height, color } = surface;
    const axis = axisFor(Math.max(0, ...this.#points.map((point) => point.value)));
    const bottom = height - Margin.bottom;
    const right = width - Margin.right;
    /** @param {number} atMs */
    const x = (atMs) => right - ((this.#nowMs - atMs) / WindowMs) * (right - Margin.left);
    /** @param {number} value */
    const y = (value) => bottom - (value / axis.top) * (bottom - Margin.top);

    context.font = `11px ${getComputedStyle(this.#canvas).fontFamily}`;
    context.fillStyle = color("muted");
    this.#drawValueAxis(context, axis, y, right, color("line"));
    this.#drawTimeAxis(context, x, bottom);
    context.lineWidth = 2;
    context.lineJoin = "round";
    for (const line of linesOf(this.#points, GapMs)) {
      context.strokeStyle = color(`side-${line[0]?.side}`);
      context.fillStyle = color(`side-${line[0]?.side}-wash`);
      context.beginPath();
      for (const { atMs, value } of line) context.lineTo(x(atMs), y(value));
      context.stroke();
      context.lineTo(x(line.at(-1)?.atMs ?? 0), bottom);
      context.lineTo(x(line[0]?.atMs ?? 0), bottom);
      context.fill();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{ top: number, step: number }} axis
   * @param {(value: number) => number} y
   * @param {number} right
   * @param {string} lineColor
   */
  #drawValueAxis(context, axis, y, right, lineColor) {
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.strokeStyle = lineColor;
    context.lineWidth = 1;
    for (let value = 0; value <= axis.top; value += axis.step) {
      // On the half pixel a line of one pixel is sharp.
      const line = Math.round(y(value)) + 0.5;
      context.beginPath();
      context.moveTo(Margin.left, line);
      context.lineTo(right, line);
      context.stroke();
      context.fillText(formatCount(value), Margin.left - 8, line);
    }
    context.textAlign = "left";
    context.fillText("messages per second", 0, 8);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {(atMs: number) => number} x
   * @param {number} bottom
   */
  #drawTimeAxis(context, x, bottom) {
    context.textBaseline = "top";
    context.textAlign = "center";
    for (let agoMs = WindowMs; agoMs > 0; agoMs -= TickMs) {
      context.fillText(`${agoMs / 1000}`, x(this.#nowMs - agoMs), bottom + 8);
    }
    context.textAlign = "right";
    context.fillText("now", x(this.#nowMs), bottom + 8);
    context.fillText("seconds ago", x(this.#nowMs), bottom + 24);
  }
}
