import { MaxTimerMs } from "./number-rules.ts";

/** When a connection asks after its peer, and when it gives it up; in milliseconds. */
export interface KeepaliveOptions {
  /** How long nothing may come until a Ping asks for it; Infinity: never. */
  readonly pingIntervalMs: number;
  /** How long nothing at all may come behind such a Ping. */
  readonly pongMs: number;
  /** How long no message may go either way; Infinity: for ever. */
  readonly idleMs: number;
}

/** The connection that a {@link Keepalive} is of. */
export interface KeptConnection {
  /** Whether it is our side that keeps the peer from being heard, or messages from moving: then it is not given up for silence. */
  isHeld(): boolean;
  /** Whether a message is in work: then no time without messages counts. */
  isWorking(): boolean;
  sendPing(): void;
  /** Sends what needs no answer, so that the transport notices if the peer is gone: nothing is read from it. */
  probe(): void;
  /** Nothing at all has come behind a Ping. */
  onSilent(): void;
  /** No message has gone either way. */
  onIdle(): void;
}

/**
 * Watches that a peer is there and has something to say, with one timer:
 *
 *     heard ── pingIntervalMs ──▶ Ping ── pongMs ──▶ onSilent           any byte: from the start again
 *       held ── pingIntervalMs ──▶ probe, and again
 *     a message, either way ── idleMs ──▶ onIdle
 */
export class Keepalive {
  readonly #pingIntervalMs: number;
  readonly #pongMs: number;
  readonly #idleMs: number;
  readonly #connection: KeptConnection;
  readonly #nowMs: () => number;
  #heardAtMs: number;
  #movedAtMs: number;
  /** When the Ping went that nothing has come behind. */
  #askedAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeepaliveOptions, connection: KeptConnection, nowMs: () => number) {
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#pongMs = options.pongMs;
    this.#idleMs = options.idleMs;
    this.#connection = connection;
    this.#nowMs = nowMs;
    this.#heardAtMs = nowMs();
    this.#movedAtMs = this.#heardAtMs;
    this.#plan(this.#heardAtMs);
  }

  /** One that has something to watch, or `undefined`. */
  static try(options: KeepaliveOptions, connection: KeptConnection, nowMs: () => number): Keepalive | undefined {
    const isOff = options.pingIntervalMs === Infinity && options.idleMs === Infinity;
    return isOff ? undefined : new Keepalive(options, connection, nowMs);
  }

  /** Something came from the peer, or it may be heard again. */
  heard(): void {
    this.#heardAtMs = this.#nowMs();
    this.#askedAtMs = undefined;
  }

  /** A message, or some of one, came or went. */
  moved(): void {
    this.#movedAtMs = this.#nowMs();
  }

  /** After it nothing is told. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  get #silentAtMs(): number {
    return this.#askedAtMs === undefined ? this.#heardAtMs + this.#pingIntervalMs : this.#askedAtMs + this.#pongMs;
  }

  get #idleAtMs(): number {
    return this.#movedAtMs + this.#idleMs;
  }

  #plan(nowMs: number): void {
    // Rounded up: a timer that comes a fraction early would find nothing to do, and come again at once.
    const waitMs = Math.ceil(Math.min(this.#idleAtMs, this.#silentAtMs) - nowMs);
    // What keeps a process alive is the socket.
    this.#timer = setTimeout(() => this.#onTimer(), Math.min(waitMs, MaxTimerMs)).unref();
  }

  #onTimer(): void {
    const nowMs = this.#nowMs();
    const isHeld = this.#connection.isHeld();
    if (isHeld || this.#connection.isWorking()) this.moved();
    if (nowMs >= this.#idleAtMs) {
      this.#connection.onIdle();
      return;
    }
    if (nowMs < this.#silentAtMs) {
      this.#plan(nowMs);
    } else if (isHeld) {
      this.heard();
      this.#plan(nowMs);
      this.#connection.probe();
    } else if (this.#askedAtMs === undefined) {
      this.#askedAtMs = nowMs;
      this.#plan(nowMs);
      this.#connection.sendPing();
    } else {
      this.#connection.onSilent();
    }
  }
}
