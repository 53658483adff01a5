import { copyMasked } from "./mask.ts";
import { Opcode } from "./opcode.ts";

/** The two ends that send frames. */
type Sender = "client" | "server";

/** A Ping that waits for its Pong. */
interface Trip {
  readonly payload: Uint8Array;
  readonly startedAtMs: number;
}

/** A Ping that nobody has answered for so long gives way to the next one. */
const GivenUpMs = 10_000;

/**
 * The round trips of the Pings that pass somebody by: from a Ping to the Pong with the same payload (RFC 6455 §5.5.3). Of each
 * end one Ping is followed at a time, and others that come meanwhile are not.
 */
export class PingTrips {
  readonly #nowMs: () => number;
  readonly #onTrip: (ms: number) => void;
  #ofClient: Trip | undefined;
  #ofServer: Trip | undefined;

  /** @param onTrip - told how long each took, as it is seen from here: to the other end and back. */
  constructor(nowMs: () => number, onTrip: (ms: number) => void) {
    this.#nowMs = nowMs;
    this.#onTrip = onTrip;
  }

  /**
   * A frame came whose payload is `bytes[start, end)`, which matters where it is a Ping or a Pong.
   *
   * @param word - what it is masked with, as `maskWord` has it; 0: nothing.
   */
  see(sender: Sender, opcode: number, bytes: Uint8Array, start: number, end: number, word: number): void {
    if (opcode === Opcode.Ping) this.#ping(sender, bytes, start, end, word);
    else if (opcode === Opcode.Pong) this.#pong(sender, bytes, start, end, word);
  }

  #ping(sender: Sender, bytes: Uint8Array, start: number, end: number, word: number): void {
    const nowMs = this.#nowMs();
    const before = sender === "client" ? this.#ofClient : this.#ofServer;
    if (before !== undefined && nowMs - before.startedAtMs < GivenUpMs) return;
    this.#set(sender, { payload: unmasked(bytes, start, end, word), startedAtMs: nowMs });
  }

  #pong(sender: Sender, bytes: Uint8Array, start: number, end: number, word: number): void {
    const asker = sender === "client" ? "server" : "client";
    const trip = asker === "client" ? this.#ofClient : this.#ofServer;
    if (trip === undefined || end - start !== trip.payload.length) return;
    const payload = unmasked(bytes, start, end, word);
    if (!trip.payload.every((byte, index) => byte === payload[index])) return;
    this.#set(asker, undefined);
    this.#onTrip(this.#nowMs() - trip.startedAtMs);
  }

  #set(sender: Sender, trip: Trip | undefined): void {
    if (sender === "client") this.#ofClient = trip;
    else this.#ofServer = trip;
  }
}

function unmasked(bytes: Uint8Array, start: number, end: number, word: number): Uint8Array {
  const payload = new Uint8Array(end - start);
  copyMasked(bytes, start, end, payload, 0, word);
  return payload;
}
