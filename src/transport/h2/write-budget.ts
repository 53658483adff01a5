import type { RoundTrips } from "./round-trips.ts";

/** What may always be on its way: it takes 50 ms at 10 Mbit/s. */
const LeastBytes = 65_536;
/** PINGs in a budget of bytes: each tells that what was written before it has arrived. Where nobody waits few are enough. */
const PingsPerBudget = { waiting: 8, idle: 2 } as const;
/** The rate is the best of so many measures: of others the application had less to send, or the network was elsewhere. */
const Measures = 8;
/** How fast the budget grows until it is as large as the path. */
const RampFactor = 2;
/** And by how much with one answer after that. */
const StepFactor = 1.125;
/** What the PINGs of a budget begin with, so that no other is taken for one. */
const Mark = 0x68_61_77_73;

/** A PING that was written behind `bytes` in all. */
interface Probe {
  readonly id: number;
  readonly bytes: number;
  readonly acknowledgedBytes: number;
  readonly atMs: number;
}

/**
 * How many bytes may be on their way to a peer. The system would take megabytes, and what comes next would stand behind them:
 * so no more is written than arrives in a round trip, and a little. Both are learnt from PINGs between the bytes.
 */
export class WriteBudget {
  readonly #roundTrips: RoundTrips;
  readonly #nowMs: () => number;
  readonly #probes: Probe[] = [];
  readonly #bytesPerMs: number[] = [];
  #nextId = 0;
  #bytes = LeastBytes;
  #acknowledgedBytes = 0;
  #nextProbeBytes = LeastBytes / PingsPerBudget.idle;
  #isOff = false;
  #isRamping = true;
  /** Where the round trip is in doubt: when nothing waits on the way any more. */
  #emptyMs: number | undefined;

  constructor(roundTrips: RoundTrips, nowMs: () => number) {
    this.#roundTrips = roundTrips;
    this.#nowMs = nowMs;
  }

  /** Up to how many bytes in all may be written now. */
  get endBytes(): number {
    return this.#isOff ? Infinity : this.#acknowledgedBytes + this.#bytes;
  }

  /** How many bytes are written in all when the next PING is due. */
  get nextProbeBytes(): number {
    return this.#nextProbeBytes;
  }

  /** How long an answer may take: who takes longer does not answer, and is not waited for. */
  get patienceMs(): number {
    return 1_000 + 4 * this.#roundTrips.toleratedMs;
  }

  /**
   * The payload of the PING that is written behind `bytes` in all.
   *
   * @param hold - whether somebody has waited for the answers.
   */
  probe(bytes: number, hold: keyof typeof PingsPerBudget): Uint8Array {
    const id = this.#nextId++ % 2 ** 32;
    // Who answers none of them must not make them pile up.
    if (this.#isOff) this.#probes.length = 0;
    this.#probes.push({ id, bytes, acknowledgedBytes: this.#acknowledgedBytes, atMs: this.#nowMs() });
    this.#nextProbeBytes = bytes + this.#bytes / PingsPerBudget[hold];
    const payload = new Uint8Array(8);
    const view = new DataView(payload.buffer);
    view.setUint32(0, Mark);
    view.setUint32(4, id);
    return payload;
  }

  /** Takes the answer to a PING; `false` if that was none of the budget's. */
  take(payload: Uint8Array): boolean {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (view.getUint32(0) !== Mark) return false;
    const at = this.#probes.findIndex(({ id }) => id === view.getUint32(4));
    const probe = this.#probes[at];
    if (probe === undefined) return true;
    this.#probes.splice(0, at + 1);
    this.#learn(probe);
    return true;
  }

  /** No answer came in time: nothing is held back any more until one comes. */
  giveUp(): void {
    this.#isOff = true;
    this.#probes.length = 0;
  }

  #learn({ bytes, acknowledgedBytes, atMs }: Probe): void {
    const nowMs = this.#nowMs();
    const tookMs = Math.max(nowMs - atMs, 0.01);
    this.#isOff = false;
    this.#acknowledgedBytes = bytes;
    if (this.#emptyMs !== undefined) return this.#doubt(atMs, tookMs, this.#emptyMs);
    this.#roundTrips.record(tookMs);
    this.#bytesPerMs.push((bytes - acknowledgedBytes) / tookMs);
    if (this.#bytesPerMs.length > Measures) this.#bytesPerMs.shift();
    this.#bytes = this.#fitting(tookMs, Math.max(...this.#bytesPerMs));
    if (!this.#roundTrips.isInDoubt) return;
    // Less is sent for a while, so that nothing waits: then a round trip is what the path takes, longer than before or not.
    this.#bytes = Math.floor(this.#bytes / 2);
    this.#emptyMs = nowMs + tookMs;
  }

  #doubt(atMs: number, tookMs: number, emptyMs: number): void {
    if (atMs < emptyMs) return this.#roundTrips.record(tookMs);
    this.#emptyMs = undefined;
    if (tookMs > this.#roundTrips.toleratedMs) this.#isRamping = true;
    this.#roundTrips.renew(tookMs);
  }

  #fitting(tookMs: number, bytesPerMs: number): number {
    const { shortestMs, toleratedMs } = this.#roundTrips;
    const enoughBytes = Math.floor(bytesPerMs * toleratedMs);
    // What is sent twice as fast as it arrives waits for half as long as the path is: beyond that the path is full.
    if (tookMs > shortestMs / 2 + toleratedMs) this.#isRamping = false;
    else if (enoughBytes <= LeastBytes) this.#isRamping = true;
    // By steps: what comes at once waits, even where there is room for it.
    if (!this.#isRamping) return Math.max(LeastBytes, Math.min(enoughBytes, Math.floor(this.#bytes * StepFactor)));
    return Math.max(LeastBytes, enoughBytes, Math.floor(bytesPerMs * shortestMs * RampFactor));
  }
}
