import { isUtf8 } from "node:buffer";
import type { FarEnd } from "../../support/far-end.ts";
import { CaseFault, type ReceivedFrame, TesterFrameReader } from "./tester-frames.ts";

/** What the tester hears; the payload of a message as it came, compressed or not. */
export type TesterEvent =
  | { readonly type: "text" | "binary"; readonly payload: Uint8Array; readonly compressed: boolean }
  | { readonly type: "ping" | "pong"; readonly payload: Uint8Array }
  /** 1005 where it had no code. */
  | { readonly type: "close"; readonly code: number }
  /** The end under test ended its half. */
  | { readonly type: "end" }
  /** Both halves are over. */
  | { readonly type: "over"; readonly how: "ended" | "reset" }
  | { readonly type: "fault"; readonly what: string };

/** Reads all that the end under test sends, in the order in which it comes, and waits for it. */
export class TesterEvents {
  readonly #reader: TesterFrameReader;
  readonly #mayCompress: boolean;
  readonly #patienceMs: number;
  readonly #waiting: TesterEvent[] = [];
  #onEvent: (() => void) | undefined;
  #message: { readonly first: ReceivedFrame; readonly payloads: Uint8Array[] } | undefined;
  /** Whether the Close has come, or a fault: nothing that was said counts any more. */
  hasPeerClosed = false;

  /** @param patienceMs - how long each `next` waits at most. */
  constructor(
    far: FarEnd,
    { masked, mayCompress, patienceMs }: { masked: boolean; mayCompress: boolean; patienceMs: number },
  ) {
    this.#reader = new TesterFrameReader(masked);
    this.#mayCompress = mayCompress;
    this.#patienceMs = patienceMs;
    far.observe({
      onBytes: (bytes) => this.#read(bytes),
      onEnd: () => this.#add({ type: "end" }),
      onClose: (how) => this.#add({ type: "over", how }),
    });
  }

  /** The next that comes. @throws CaseFault where nothing does, or something that may not come from anybody. */
  async next(expected: string): Promise<TesterEvent> {
    if (!(await this.#cameWithin(this.#patienceMs))) {
      throw new CaseFault(`nothing came within ${this.#patienceMs} ms where ${expected} was to come`);
    }
    const event = this.#waiting.shift()!;
    if (event.type === "fault") throw new CaseFault(event.what);
    return event;
  }

  /** Whether nothing has come, nor does within `ms`. */
  async isQuiet(ms: number): Promise<boolean> {
    return !(await this.#cameWithin(ms));
  }

  async #cameWithin(ms: number): Promise<boolean> {
    if (this.#waiting.length > 0) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, ms);
    this.#onEvent = resolve;
    await promise;
    clearTimeout(deadline);
    this.#onEvent = undefined;
    return this.#waiting.length > 0;
  }

  #add(event: TesterEvent): void {
    if (event.type !== "ping" && event.type !== "pong") this.hasPeerClosed ||= !["text", "binary"].includes(event.type);
    this.#waiting.push(event);
    this.#onEvent?.();
  }

  #read(bytes: Uint8Array): void {
    try {
      for (const frame of this.#reader.read(bytes)) this.#take(frame);
    } catch (fault) {
      if (!(fault instanceof CaseFault)) throw fault;
      this.#add({ type: "fault", what: fault.message });
    }
  }

  #take(frame: ReceivedFrame): void {
    const { opcode, payload } = frame;
    if (opcode < 8) return this.#takeData(frame);
    if (frame.rsv !== 0) throw new CaseFault("a control frame with a reserved bit");
    if (opcode === 8) return this.#add({ type: "close", code: closeCodeOf(payload) });
    this.#add({ type: opcode === 9 ? "ping" : "pong", payload });
  }

  #takeData(frame: ReceivedFrame): void {
    const isFirst = frame.opcode !== 0;
    if (isFirst === (this.#message !== undefined)) throw new CaseFault("a fragment out of turn");
    const allowedRsv = isFirst && this.#mayCompress ? 0b100 : 0;
    if ((frame.rsv & ~allowedRsv) !== 0) throw new CaseFault(`a frame with RSV ${frame.rsv}`);
    this.#message ??= { first: frame, payloads: [] };
    const { first, payloads } = this.#message;
    payloads.push(frame.payload);
    if (!frame.fin) return;
    this.#message = undefined;
    const payload = payloads.length === 1 ? frame.payload : Buffer.concat(payloads);
    this.#add({ type: first.opcode === 1 ? "text" : "binary", payload, compressed: first.rsv !== 0 });
  }
}

function closeCodeOf(payload: Uint8Array): number {
  if (payload.length === 0) return 1005;
  if (payload.length === 1) throw new CaseFault("a Close of 1 octet");
  if (!isUtf8(payload.subarray(2))) throw new CaseFault("a Close whose reason is no UTF-8");
  return (payload[0]! << 8) | payload[1]!;
}
