import { formatMs, plural } from "./statistics.js";

/**
 * Where the page stands, as far as words depend on it.
 *
 * @typedef {object} Situation
 * @property {"opening" | "settled"} phase
 * @property {number} wanted how many WebSockets were asked for
 * @property {number} open
 * @property {number} failed never opened
 * @property {number} lost closed by the other side
 * @property {number | undefined} closeCode of the lost ones, the most frequent
 * @property {number} connections distinct TCP connections of the open ones
 * @property {boolean} overHttp2 whether every open one came as a stream of HTTP/2, as the gateway says
 * @property {number} openMs
 * @property {"on" | "off"} side where the switch stands
 * @property {boolean} pageOverHttp1 whether the page itself came from the listener without HTTP/2
 * @property {boolean} reachable whether the gateway answered an ordinary request just before
 * @property {string} http1Origin where the same page is without HTTP/2, such as `https://localhost:8444`
 * @property {"firefox" | "chromium" | "other"} browser
 */

/**
 * A sentence for the status line, and a notice where something wants explaining.
 *
 * @typedef {object} Words
 * @property {"opening" | "open" | "partial" | "none" | "lost"} state the case in a word, for style sheet and tests
 * @property {"busy" | "good" | "bad"} tone
 * @property {string} status
 * @property {{ title: string, text: string, link?: string, reopen?: boolean }} [notice]
 */

/** The page with this hash is there only to have its certificate accepted: it opens nothing by itself. */
export const AcceptedHash = "#certificate";

/** Close codes of the RFC 6455 registry. */
const ServiceRestart = 1012;
const NothingSaid = 1006;

/**
 * Which family a browser is of: they differ in how many WebSockets they keep, and in how one changes that.
 *
 * @param {string} userAgent
 * @returns {Situation["browser"]}
 */
export function browserOf(userAgent) {
  if (userAgent.includes("Firefox/")) return "firefox";
  return userAgent.includes("Chrome/") ? "chromium" : "other";
}

/**
 * Says in plain words what is the case and what one can do about it.
 *
 * @param {Situation} situation
 * @returns {Words}
 */
export function wordsFor(situation) {
  const { phase, wanted, open, lost, side } = situation;
  if (phase === "opening") {
    return { state: "opening", tone: "busy", status: `Opening ${plural(wanted, "WebSocket")} with HTTP/2 ${side}…` };
  }
  if (lost > 0) return wordsForLost(situation);
  if (open === 0) return wordsForNone(situation);
  if (open < wanted) return wordsForSome(situation);
  return wordsForAll(situation);
}

/** @param {Situation} situation @returns {Words} */
function wordsForLost({ lost, open, closeCode }) {
  if (closeCode === ServiceRestart) {
    return {
      state: "lost",
      tone: "bad",
      status: "The gateway stops: it closed every WebSocket properly, with code 1012.",
      notice: {
        title: "The gateway is stopping",
        text: "It closed each WebSocket with code 1012, service restart. Open them again when it is back.",
        reopen: true,
      },
    };
  }
  const how =
    closeCode === undefined || closeCode === NothingSaid ? "without a Close (1006)" : `with code ${closeCode}`;
  return {
    state: "lost",
    tone: "bad",
    status: `${plural(lost, "WebSocket")} closed ${how}, ${open} still open.`,
    notice: {
      title: `${plural(lost, "WebSocket")} closed by the other side`,
      text: `The connection ended ${how}. The gateway’s terminal says why, one line for each WebSocket.`,
      reopen: true,
    },
  };
}

/** @param {Situation} situation @returns {Words} */
function wordsForNone({ side, pageOverHttp1, reachable, http1Origin }) {
  if (side === "off" && !pageOverHttp1 && reachable) {
    return {
      state: "none",
      tone: "bad",
      status: `No WebSocket opened to ${http1Origin}.`,
      notice: {
        title: "One more certificate to accept",
        text: "Without HTTP/2 the gateway listens on another port, and your browser asks for each port whether it may trust the self-made certificate. Accept it there once; this page tries again when you come back.",
        link: `${http1Origin}/${AcceptedHash}`,
      },
    };
  }
  const status = reachable ? "No WebSocket opened." : "The gateway does not answer.";
  const text = reachable
    ? "The gateway answers requests, so its backend is the likely cause. The terminal of the gateway says why."
    : "Start it with npm start, then open the WebSockets again.";
  return { state: "none", tone: "bad", status, notice: { title: status.slice(0, -1), text, reopen: true } };
}

/** @param {Situation} situation @returns {Words} */
function wordsForSome({ wanted, open, browser }) {
  const limits = {
    firefox:
      "Firefox keeps 200 WebSockets at most, those of other tabs included; network.websocket.max-connections in about:config raises that.",
    chromium: "Chromium keeps 255 WebSockets at most, those of other tabs included; there is no setting to raise that.",
    other: "Browsers keep only so many WebSockets, those of other tabs included.",
  };
  return {
    state: "partial",
    tone: "bad",
    status: `${open} of ${wanted} WebSockets opened, ${wanted - open} failed.`,
    notice: {
      title: `${open} of ${wanted} WebSockets opened`,
      text: `${limits[browser]} If it is not that, the gateway’s terminal says why.`,
      reopen: true,
    },
  };
}

/** @param {Situation} situation @returns {Words} */
function wordsForAll({ open, connections, overHttp2, openMs, side, pageOverHttp1 }) {
  const opened = open === 1 ? `Open after ${formatMs(openMs)}` : `All open after ${formatMs(openMs)}`;
  if (connections === 0) return { state: "open", tone: "good", status: `${opened}. No gateway says how.` };
  if (overHttp2) {
    const streams = open === 1 ? "as a stream" : "as streams";
    const shared = connections === 1 ? "one HTTP/2 connection" : `${connections} HTTP/2 connections`;
    return { state: "open", tone: "good", status: `${opened}, ${streams} of ${shared}.` };
  }
  const status = `${opened}, ${open === 1 ? "" : "each "}on a TCP connection of its own.`;
  if (pageOverHttp1) return { state: "open", tone: "good", status: `${status} This address has no HTTP/2.` };
  if (side === "off") return { state: "open", tone: "good", status };
  return {
    state: "open",
    tone: "good",
    status,
    notice: {
      title: `Your browser opened ${plural(connections, "TCP connection")}`,
      text: "It does not open WebSockets over HTTP/2 (RFC 8441) here, so each has a connection of its own; hawser serves both. Chrome, Edge and Firefox share one connection.",
    },
  };
}
