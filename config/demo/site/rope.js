import { prepareCanvas, redrawOnChange } from "./canvas.js";

const Inset = 8;
/** Closer together, lines are a grey area: of more strands only as many are drawn as have room. */
const StrandGapPx = 3;
const StepPx = 5;
const TwistPx = 72;
/** A rope is laid of so many yarns; each takes its share of the strands, side by side within this angle. */
const Yarns = 3;
const YarnAngle = 0.9;
/** Half the height of the thickest rope, and what one strand adds to it. */
const MaxHalfRopePx = 9;
const HalfRopePerStrandPx = 0.4;

/** A share of a leg, from its outer end (0) to the gateway (1): where strands come together, and where they twist. */
const ClientLeg = { gatherFrom: 0.05, gatherTo: 0.42, twistFrom: 0.26, twistTo: 0.44 };
const UpstreamLeg = { gatherFrom: 0.3, gatherTo: 1, twistFrom: 1, twistTo: 1 };

/**
 * The lane, counted from 0, of each strand: strands on the same TCP connection share one, in the order of first use.
 * A strand whose connection is not known has a lane of its own.
 *
 * @param {readonly (number | undefined)[]} connections
 * @returns {{ lanes: number[], count: number }}
 */
export function lanesOf(connections) {
  /** @type {Map<number, number>} */
  const known = new Map();
  let count = 0;
  const lanes = connections.map((connection) => {
    const lane = connection === undefined ? undefined : known.get(connection);
    if (lane !== undefined) return lane;
    if (connection !== undefined) known.set(connection, count);
    return count++;
  });
  return { lanes, count };
}

/**
 * At most `most` of the values, evenly picked.
 *
 * @template T
 * @param {readonly T[]} values
 * @param {number} most
 * @returns {readonly T[]}
 */
export function sample(values, most) {
  if (values.length <= most) return values;
  /** @param {number} index */
  const share = (index) => Math.floor((index * most) / values.length);
  return values.filter((_, index) => share(index) > share(index - 1));
}

/**
 * 0 before `from`, 1 after `to`, a smooth rise between.
 *
 * @param {number} from
 * @param {number} to
 * @param {number} at
 */
export function rise(from, to, at) {
  if (at >= to) return 1;
  if (at <= from) return 0;
  const share = (at - from) / (to - from);
  return share * share * (3 - 2 * share);
}

/**
 * The picture of the headline: strands leave the browser, those of one TCP connection are laid into one rope, and behind
 * the gateway each is by itself again.
 */
export class Rope {
  #canvas;
  /** @type {readonly (number | undefined)[]} */
  #connections = [];
  /** @type {"on" | "off"} */
  #side = "on";

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    redrawOnChange(canvas, () => this.#draw());
  }

  /**
   * @param {readonly (number | undefined)[]} connections the TCP connection of each open WebSocket
   * @param {"on" | "off"} side
   */
  show(connections, side) {
    this.#connections = connections;
    this.#side = side;
    this.#draw();
  }

  #draw() {
    const surface = prepareCanvas(this.#canvas);
    if (surface === undefined) return;
    const { context, width, height, color } = surface;
    const colors = { client: color(`side-${this.#side}`), upstream: color("strand"), bar: color("ink") };
    const { lanes, count } = lanesOf(sample(this.#connections, Math.floor((height - 2 * Inset) / StrandGapPx)));
    const perLane = lanes.length / count;
    const half = perLane > 1 ? Math.min(MaxHalfRopePx, HalfRopePerStrandPx * perLane, (height / count) * 0.4) : 0;
    /** @param {number} index @param {number} of */
    const middleOf = (index, of) => Inset + ((index + 0.5) * (height - 2 * Inset)) / of;

    context.lineWidth = 1;
    lanes.forEach((lane, strand) => {
      // On the half pixel a line of one pixel is sharp.
      const outerY = Math.floor(middleOf(strand, lanes.length)) + 0.5;
      const ropeY = perLane > 1 ? middleOf(lane, count) : outerY;
      const shape = { outerY, ropeY, half, turn: turnOf(strand / perLane) };
      context.strokeStyle = colors.client;
      context.stroke(strandPath(0, width / 2, ClientLeg, shape));
      context.strokeStyle = colors.upstream;
      context.stroke(strandPath(width, width / 2, UpstreamLeg, shape));
    });
    context.fillStyle = colors.bar;
    for (const [x, barWidth] of /** @type {const} */ ([
      [0, 4],
      [width / 2 - 4, 8],
      [width - 4, 4],
    ])) {
      context.beginPath();
      context.roundRect(x, 0, barWidth, height, barWidth / 2);
      context.fill();
    }
  }
}

/**
 * Where in the twist a strand lies.
 *
 * @param {number} share its place among the strands of its rope, 0 to 1
 */
function turnOf(share) {
  const yarn = Math.floor(share * Yarns);
  return (yarn / Yarns) * 2 * Math.PI + (share * Yarns - yarn) * YarnAngle;
}

/**
 * @param {number} outerX
 * @param {number} gatewayX
 * @param {typeof ClientLeg} leg
 * @param {{ outerY: number, ropeY: number, half: number, turn: number }} shape
 */
function strandPath(outerX, gatewayX, leg, { outerY, ropeY, half, turn }) {
  const path = new Path2D();
  const steps = Math.max(1, Math.round(Math.abs(gatewayX - outerX) / StepPx));
  for (let step = 0; step <= steps; step++) {
    const at = step / steps;
    const x = outerX + (gatewayX - outerX) * at;
    const gathered = rise(leg.gatherFrom, leg.gatherTo, at);
    const twist = half * rise(leg.twistFrom, leg.twistTo, at) * Math.sin(turn + (x * 2 * Math.PI) / TwistPx);
    path.lineTo(x, outerY + (ropeY - outerY) * gathered + twist);
  }
  return path;
}
