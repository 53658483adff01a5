/** @typedef {import("./sockets.js").SocketView} SocketView */

/**
 * What the headline needs to know of all WebSockets together.
 *
 * @typedef {object} Summary
 * @property {number} open
 * @property {number} failed
 * @property {number} lost
 * @property {number | undefined} closeCode the most frequent one of those that were lost
 * @property {readonly (number | undefined)[]} strands the TCP connection of each open WebSocket
 * @property {number} connections how many different ones there are
 * @property {boolean} overHttp2 whether there are open ones and all of them came over HTTP/2
 */

/**
 * @param {readonly SocketView[]} views
 * @returns {Summary}
 */
export function summarize(views) {
  const open = views.filter(({ state }) => state === "open");
  const lost = views.filter(({ state }) => state === "lost");
  const strands = open.map(({ connection }) => connection);
  return {
    open: open.length,
    failed: views.filter(({ state }) => state === "failed").length,
    lost: lost.length,
    closeCode: mostFrequent(lost.map(({ closeCode }) => closeCode)),
    strands,
    connections: new Set(strands.filter((connection) => connection !== undefined)).size,
    overHttp2: open.length > 0 && open.every(({ http }) => http === "2"),
  };
}

/**
 * @param {readonly (number | undefined)[]} values
 * @returns {number | undefined} the first one, where several are equally frequent
 */
function mostFrequent(values) {
  /** @type {Map<number | undefined, number>} */
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
