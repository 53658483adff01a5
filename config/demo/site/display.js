import { element, write } from "./elements.js";
import { formatCount, formatMs, plural } from "./statistics.js";

/** @typedef {"on" | "off"} Side whether HTTP/2 is switched on */

/**
 * Writes the headline and the words around the picture.
 *
 * @param {import("./summary.js").Summary} summary
 * @param {{ atMost: number, looks: Side }} options the highest `open` to expect for now; whether it looks like HTTP/2
 */
export function showHeadline({ open, connections }, { atMost, looks }) {
  write("open-count", formatCount(open));
  write("open-noun", open === 1 ? "WebSocket" : "WebSockets");
  write("connection-count", formatCount(connections));
  write("connection-noun", connections === 1 ? "TCP connection" : "TCP connections");
  // As wide as they will be: while they count up, the words behind them stay where they are.
  const digits = `${atMost}`.length;
  element("open-count", HTMLElement).style.setProperty("--digits", `${digits}`);
  element("connection-count", HTMLElement).style.setProperty("--digits", `${looks === "on" ? 1 : digits}`);

  document.documentElement.dataset.looks = looks;
  const client = plural(connections, "TCP connection");
  write("client-leg", client);
  write("client-leg-version", looks === "on" ? "HTTP/2 over TLS" : "HTTP/1.1 over TLS");
  write("upstream-leg", plural(open, "TCP connection"));
  write("grid-label", `The number in a cell is its ${looks === "on" ? "HTTP/2 stream" : "TCP connection"}.`);
  element("rope", HTMLCanvasElement).ariaLabel =
    `${plural(open, "WebSocket")} from your browser over ${client} to hawser, and each over its own to the backend.`;
}

/**
 * Writes the status line, and shows the notice unless it is the one that was dismissed.
 *
 * @param {import("./words.js").Words} words
 * @param {string} dismissed title of a notice, or the empty string
 */
export function showWords({ tone, status, notice }, dismissed) {
  element("status", HTMLElement).dataset.tone = tone;
  write("status", status);
  element("notice-card", HTMLElement).hidden = notice === undefined || notice.title === dismissed;
  if (notice === undefined) return;
  write("notice-title", notice.title);
  write("notice-text", notice.text);
  element("notice-reopen", HTMLButtonElement).hidden = !notice.reopen;
  const link = element("notice-link", HTMLAnchorElement);
  link.hidden = notice.link === undefined;
  if (notice.link !== undefined) link.href = notice.link;
  link.textContent = `Open ${link.origin}`;
}

/** Hides the notice. @returns {string} its title */
export function dismissNotice() {
  element("notice-card", HTMLElement).hidden = true;
  return element("notice-title", HTMLElement).textContent ?? "";
}

/**
 * What was measured of a fleet.
 *
 * @typedef {object} Result
 * @property {import("./summary.js").Summary} summary
 * @property {number} openMs
 * @property {number | undefined} medianMs round trip
 * @property {number | undefined} p99Ms round trip
 * @property {number} rate answers per second
 */

/**
 * Writes the live figures; those of nothing, where nothing is open.
 *
 * @param {Result | undefined} result
 */
export function showFigures(result) {
  write("message-rate", formatCount(result?.rate));
  write("rtt-median", formatMs(result?.medianMs));
  write("rtt-p99", formatMs(result?.p99Ms));
  write("open-time", formatMs(result?.openMs));
}

/**
 * Writes the column of one side of the comparison, where it stays until the side is measured again.
 *
 * @param {Side} side
 * @param {Result} result
 */
export function showResult(side, { summary, openMs, medianMs, p99Ms, rate }) {
  const { open, connections, overHttp2 } = summary;
  write(`${side}-open`, formatCount(open));
  write(`${side}-version`, connections === 0 ? "–" : overHttp2 ? "2" : "1.1");
  write(`${side}-connections`, formatCount(connections));
  write(`${side}-opened`, formatMs(openMs));
  write(`${side}-median`, formatMs(medianMs));
  write(`${side}-p99`, formatMs(p99Ms));
  write(`${side}-rate`, formatCount(rate));
  element("plot", HTMLCanvasElement).ariaLabel = `${formatCount(rate)} messages per second with HTTP/2 ${side}.`;
}

/**
 * Writes what is known of one WebSocket.
 *
 * @param {number} index
 * @param {import("./sockets.js").SocketView | undefined} view
 */
export function showDetails(index, view) {
  const gone = view?.state === "failed" || view?.state === "lost" ? `, ${view.state}` : "";
  write("detail-index", `${index + 1}${gone}`);
  write("detail-http", view?.http ?? "–");
  write("detail-connection", `${view?.connection ?? "–"}`);
  write("detail-stream", `${view?.stream ?? "–"}`);
  write("detail-rtt", formatMs(view?.roundTripMs));
  write("detail-messages", formatCount(view?.messages));
}
