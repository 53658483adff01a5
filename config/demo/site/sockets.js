import { Meter, RecentValues } from "./statistics.js";

const Subprotocol = "demo.v1";
const MessageBytes = 64;
/** A WebSocket that has not heard the backend's hello by then has failed. */
const OpenWithinMs = 30_000;
/** So many open at a time: Chromium holds back each further one for up to five seconds once a dozen are on their way. */
const OpeningAtOnce = 6;
const CloseWithinMs = 2_000;
const TickMs = 10;
/** With this many messages unanswered a WebSocket sends no further one: a slow path is shown, not flooded. */
const MaxUnanswered = 8;
/** How much of the rate asked for a late timer may catch up on. */
const MaxCatchUpMs = 200;
const RoundTripsKept = 4096;

/**
 * What is known of one WebSocket. `failed` never opened, `lost` was closed by the other side, `closed` by the page.
 *
 * @typedef {object} SocketView
 * @property {number} index
 * @property {"opening" | "open" | "failed" | "lost" | "closed"} state
 * @property {string | undefined} http HTTP version of its opening, as the gateway says
 * @property {number | undefined} connection number of its TCP connection, as the gateway says
 * @property {number | undefined} stream its HTTP/2 stream, as the gateway says
 * @property {number | undefined} roundTripMs of the newest answer
 * @property {number} messages answers received
 * @property {number | undefined} closeCode
 */

/**
 * A WebSocket and what it takes to work it.
 *
 * @typedef {SocketView & { socket: WebSocket | undefined, unanswered: number, settle: () => void }} Member
 */

/** Opens WebSockets to one address, sends on all of them at one rate, and measures. */
export class SocketFleet {
  /** Round trips of the newest answers on all WebSockets, in milliseconds. */
  roundTrips = new RecentValues(RoundTripsKept);
  /** Answers received on all WebSockets since the first was sent. */
  answers = new Meter(performance.now());
  /** From the first opening to the last WebSocket that opened; 0 before. */
  openMs = 0;
  /** Where the gateway serves the same without HTTP/2, once the backend has said it. @type {number | undefined} */
  http1Port;
  #changed;
  #members;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #messagesPerSecond = 0;
  #due = 0;
  #turn = 0;
  #tickedAtMs = 0;
  #message = new DataView(new ArrayBuffer(MessageBytes));

  /**
   * @param {number} count
   * @param {(view: SocketView) => void} changed is called at each change of state
   */
  constructor(count, changed) {
    this.#members = Array.from({ length: count }, (_, index) => createMember(index));
    this.#changed = changed;
  }

  /** @returns {readonly SocketView[]} */
  get views() {
    return this.#members;
  }

  /**
   * Opens all WebSockets to `url`, a few at a time. Resolves when each has heard the backend's hello or failed, or when the
   * fleet is closed meanwhile.
   *
   * @param {string} url
   */
  async open(url) {
    const startedAtMs = performance.now();
    const deadline = setTimeout(() => this.#giveUp(), OpenWithinMs);
    let next = 0;
    const lanes = Array.from({ length: OpeningAtOnce }, async () => {
      for (let member = this.#members[next++]; member; member = this.#members[next++]) {
        if (member.state === "opening") await this.#openOne(member, url, startedAtMs);
      }
    });
    await Promise.all(lanes);
    clearTimeout(deadline);
  }

  /**
   * Begins to send on every open WebSocket, or goes on at another rate.
   *
   * @param {number} messagesPerSecond of each WebSocket; 0 sends none
   */
  send(messagesPerSecond) {
    this.#messagesPerSecond = messagesPerSecond;
    if (this.#timer !== undefined) return;
    this.#tickedAtMs = performance.now();
    this.answers = new Meter(this.#tickedAtMs);
    this.#timer = setInterval(() => this.#tick(), TickMs);
  }

  /** Closes every WebSocket with 1000. Resolves when all are gone, two seconds later at most. */
  async close() {
    clearInterval(this.#timer);
    const gone = [];
    for (const member of this.#members) {
      if (member.state === "opening" || member.state === "open") this.#become(member, "closed");
      const { socket } = member;
      if (socket === undefined || socket.readyState === WebSocket.CLOSED) continue;
      gone.push(new Promise((resolve) => socket.addEventListener("close", resolve)));
      socket.close(1000);
    }
    await Promise.race([Promise.all(gone), new Promise((resolve) => setTimeout(resolve, CloseWithinMs))]);
  }

  #giveUp() {
    for (const member of this.#members) {
      if (member.state !== "opening") continue;
      this.#become(member, "failed");
      member.socket?.close();
    }
  }

  /**
   * @param {Member} member
   * @param {string} url
   * @param {number} startedAtMs
   * @returns {Promise<void>} when it is opening no longer: the closing of one that is stuck may take a minute
   */
  #openOne(member, url, startedAtMs) {
    const socket = new WebSocket(url, Subprotocol);
    socket.binaryType = "arraybuffer";
    member.socket = socket;
    socket.addEventListener("open", () => (this.openMs = performance.now() - startedAtMs));
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.#greeted(member, data);
      else this.#answered(member, data);
    });
    socket.addEventListener("close", ({ code }) => {
      member.closeCode = code;
      if (member.state === "opening") this.#become(member, "failed");
      if (member.state === "open") this.#become(member, "lost");
    });
    return new Promise((resolve) => (member.settle = resolve));
  }

  /**
   * @param {Member} member
   * @param {string} text the backend's first message
   */
  #greeted(member, text) {
    const hello = JSON.parse(text);
    if (member.state !== "opening" || hello.type !== "hello") return;
    this.http1Port = hello.http1Port;
    Object.assign(member, hello.stream);
    this.#become(member, "open");
  }

  /**
   * @param {Member} member
   * @param {ArrayBuffer} data
   */
  #answered(member, data) {
    member.unanswered -= 1;
    member.messages += 1;
    member.roundTripMs = performance.now() - new DataView(data).getFloat64(0);
    this.roundTrips.add(member.roundTripMs);
    this.answers.count();
  }

  /**
   * @param {Member} member
   * @param {SocketView["state"]} state
   */
  #become(member, state) {
    member.state = state;
    member.settle();
    this.#changed(member);
  }

  /** Sends what is due since the last tick, one WebSocket after the other, so that all get their turn. */
  #tick() {
    const nowMs = performance.now();
    const elapsedMs = Math.min(nowMs - this.#tickedAtMs, MaxCatchUpMs);
    this.#tickedAtMs = nowMs;
    this.#due += (elapsedMs / 1000) * this.#messagesPerSecond * this.#members.length;
    for (; this.#due >= 1; this.#due -= 1) {
      const member = this.#members[this.#turn++ % this.#members.length];
      if (member?.socket?.readyState !== WebSocket.OPEN || member.unanswered >= MaxUnanswered) continue;
      this.#message.setFloat64(0, performance.now());
      member.socket.send(this.#message);
      member.unanswered += 1;
    }
  }
}

/**
 * @param {number} index
 * @returns {Member}
 */
function createMember(index) {
  return {
    index,
    state: "opening",
    http: undefined,
    connection: undefined,
    stream: undefined,
    roundTripMs: undefined,
    messages: 0,
    closeCode: undefined,
    socket: undefined,
    unanswered: 0,
    settle: () => undefined,
  };
}
