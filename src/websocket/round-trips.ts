import type { WaitOptions } from "./handler.ts";
import { Wait } from "./wait.ts";

interface Trip {
  readonly number: number;
  readonly startedAtMs: number;
  readonly wait: Wait<number>;
}

/** The Pings that somebody waits for, told apart by their payload. */
export class RoundTrips {
  readonly #nowMs: () => number;
  readonly #onTrip: (ms: number) => void;
  #trips: Trip[] = [];
  #lastNumber = 0;

  /** @param onTrip - told how long each Ping took that was answered. */
  constructor(nowMs: () => number, onTrip: (ms: number) => void = () => undefined) {
    this.#nowMs = nowMs;
    this.#onTrip = onTrip;
  }

  /** How many have no Pong yet. */
  get count(): number {
    return this.#trips.length;
  }

  /** The payload of the next Ping, and how long its Pong takes in milliseconds, from now on. */
  begin(options: WaitOptions): { readonly payload: Uint8Array; readonly roundTripMs: Promise<number> } {
    const number = ++this.#lastNumber;
    const wait: Wait<number> = new Wait(options, () => this.#forget(wait));
    this.#trips.push({ number, startedAtMs: this.#nowMs(), wait });
    const payload = new Uint8Array(PayloadBytes);
    viewOf(payload).setFloat64(0, number);
    return { payload, roundTripMs: wait.promise };
  }

  /**
   * A Pong came. It also ends the trips begun before the one it answers: of several Pings a peer may answer the last alone
   * (RFC 6455 §5.5.3). One that answers none is none of ours.
   */
  onPong(payload: Uint8Array): void {
    if (payload.length !== PayloadBytes) return;
    const number = viewOf(payload).getFloat64(0);
    const index = this.#trips.findIndex((trip) => trip.number === number);
    const nowMs = this.#nowMs();
    const answered = this.#trips[index];
    if (answered) this.#onTrip(nowMs - answered.startedAtMs);
    for (const { wait, startedAtMs } of this.#trips.splice(0, index + 1)) wait.resolve(nowMs - startedAtMs);
  }

  /** No Pong will come any more. */
  end(error: unknown): void {
    const trips = this.#trips;
    this.#trips = [];
    for (const { wait } of trips) wait.reject(error);
  }

  #forget(wait: Wait<number>): void {
    this.#trips = this.#trips.filter((trip) => trip.wait !== wait);
  }
}

const PayloadBytes = 8;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
