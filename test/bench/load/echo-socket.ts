import type { EchoMessage } from "./echo-message.ts";
import type { LoadSocket } from "./load-socket.ts";
import type { Tally } from "./tally.ts";

/** Sends messages and looks at each octet that comes back; while the load runs, each is followed by the next. */
export class EchoSocket implements LoadSocket {
  readonly #tally: Tally;
  readonly #message: EchoMessage;
  /** The message that is sent next, and the one that is to come next. */
  readonly #sent: { tag: number; number: number };
  readonly #awaited: { tag: number; number: number };
  /** When each message under way was asked for. */
  readonly #askedMs: Float64Array;
  #asked = 0;
  #unsent = 0;
  #position = 0;

  /** @param tag - tells this one from the others. */
  constructor(tag: number, message: EchoMessage, tally: Tally, outstanding = 1) {
    this.#tally = tally;
    this.#message = message;
    this.#sent = { tag, number: 0 };
    this.#awaited = { tag, number: 0 };
    this.#askedMs = new Float64Array(outstanding);
  }

  get unsentBytes(): number {
    return this.#unsent === 0 && this.#asked > this.#sent.number ? this.#message.requestBytes : this.#unsent;
  }

  /** One more message; no more may be under way than were told. */
  ask(): void {
    this.#askedMs[this.#asked++ % this.#askedMs.length] = this.#tally.nowMs;
  }

  onOpen(): void {
    this.#tally.opened++;
  }

  writeTo(target: Uint8Array, at: number, length: number): void {
    const unsent = this.unsentBytes;
    this.#message.writeRequest(this.#sent, this.#message.requestBytes - unsent, target, at, length);
    this.#unsent = unsent - length;
    if (this.#unsent === 0) this.#sent.number++;
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end;) {
      const next = Math.min(end, at + this.#message.answerBytes - this.#position);
      const isAwaited = this.#awaited.number < this.#sent.number;
      if (!isAwaited || !this.#message.isAnswer(this.#awaited, this.#position, bytes, at, next)) {
        return this.#tally.fail("what came back is not what was sent");
      }
      this.#position += next - at;
      at = next;
      if (this.#position === this.#message.answerBytes) this.#onAnswer();
    }
  }

  onEnd(): void {
    this.#tally.fail("a WebSocket was closed");
  }

  #onAnswer(): void {
    const tally = this.#tally;
    this.#position = 0;
    tally.latencies.record(tally.nowMs - this.#askedMs[this.#awaited.number++ % this.#askedMs.length]!);
    tally.done++;
    if (tally.isRunning) this.ask();
  }
}
