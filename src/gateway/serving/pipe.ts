import { WebSocketError } from "../../protocol/errors.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { brokenRule } from "../../protocol/frame/frame-rules.ts";
import type { FrameRules } from "../../protocol/frame/frame-rules.ts";
import { FrameScanner } from "../../protocol/frame/frame-scanner.ts";
import { FrameTap, type FrameWatch } from "../../protocol/frame/frame-tap.ts";
import { MessageMeter, type MessageLimits } from "../../protocol/frame/message-meter.ts";
import { isControl, Opcode } from "../../protocol/frame/opcode.ts";
import type { PingTrips } from "../../protocol/frame/ping-trips.ts";
import { countFragment, countFrame } from "../../protocol/frame/traffic.ts";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { ByteStream, BytesLifetime } from "../../transport/byte-stream.ts";
import { Backpressure } from "./backpressure.ts";
import { HeldClose } from "./held-close.ts";

/** What a {@link Pipe} tells its owner, who decides what follows from it. */
export type PipeEvent =
  /** The sender's Close came whole (`code` 1005: without one). It has gone on if the receiver could still hear it. */
  | { readonly type: "close-received"; readonly code: number }
  /** The sender broke a rule of RFC 6455 or a limit of ours; neither the offending frame nor anything behind it goes on. */
  | { readonly type: "rule-broken"; readonly rule: ErrorCode }
  /** The Close given to `insertClose` waited for the end of a frame and has now gone. */
  | { readonly type: "close-sent" }
  /** The receiver took nothing for `stallMs`. */
  | { readonly type: "stalled" };

/** How a {@link Pipe} reads and counts. */
export interface PipeOptions {
  readonly sender: FrameRules["sender"];
  /** RSV bits of the negotiated extensions, see `FrameRules`. */
  readonly allowedRsv: number;
  /** What the sender's messages are held to, by the headers of their frames. */
  readonly limits: MessageLimits;
  /** How long the receiver may take nothing while bytes wait for it. */
  readonly stallMs: number;
  /** What is handed to the receiver: bytes relayed, frames by the first of their bytes, Closes of the gateway's own. */
  readonly traffic: Traffic;
  /** Sees the Pings and Pongs of both directions. */
  readonly pings?: PingTrips | undefined;
  readonly tell: (event: PipeEvent) => void;
}

/**
 * The sender: sends frames · broke a rule, so that only its Close is still of interest · sent its Close, valid or not ·
 * sends what can no longer be told apart.
 */
type Source = "frames" | "broken" | "closed" | "unreadable";

/**
 * The receiver: takes what comes · gets the rest of one frame and then our Close · has been sent a Close, from whomever ·
 * takes nothing more, without a Close.
 */
type Sink = "open" | "last-frame" | "closed" | "shut";

/**
 * One direction of a relay: reads each frame header and hands on the same bytes, payload untouched.
 *
 * What is not judged yet is held back, so a forbidden frame never begins at the receiver: at most 13 bytes of an incomplete
 * header, and a Close until it is whole. At most one Close goes to the receiver, and nothing behind it. While the sink is
 * not open the sender's frames are read on and dropped, because its Close completes its closing handshake.
 */
export class Pipe {
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  readonly #options: PipeOptions;
  /** None until the receiver is full for the first time. */
  #backpressure: Backpressure | undefined;
  readonly #scanner = new FrameScanner();
  readonly #rules: { sender: FrameRules["sender"]; allowedRsv: number; insideMessage: boolean };
  /** None where there are no limits, so that these cost nothing. */
  readonly #meter: MessageMeter | undefined;
  #source: Source = "frames";
  #sink: Sink = "open";
  /** Whether the frame the scanner is in is a Close or a forbidden one, of which the receiver got nothing. */
  #withheld = false;
  #held: HeldClose | undefined;
  /** Why the scanner can read no further. */
  #unreadable: ErrorCode | undefined;
  /** The gateway's own Close, while it waits for the end of a frame. */
  #ownClose: Uint8Array | undefined;
  /** While somebody looks at the frames: it has the same bytes, so that reading them is the same without it. */
  #tap: FrameTap | undefined;

  constructor(from: ByteStream, to: ByteStream, options: PipeOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#meter = MessageMeter.try(options.limits);
    this.#rules = { sender: options.sender, allowedRsv: options.allowedRsv, insideMessage: false };
  }

  /** Whether the receiver was given the beginning of a frame and lacks its end. */
  get midFrame(): boolean {
    const isReceiving = this.#sink === "open" || this.#sink === "last-frame";
    return isReceiving && !this.#withheld && this.#scanner.payloadRemaining > 0;
  }

  /** Whether the sender's Close came whole, valid or not: it has said all. */
  get closeReceived(): boolean {
    return this.#source === "closed";
  }

  /** Whether nothing more of the sender can mean anything: its Close came whole, or what it sends cannot be read. */
  get sourceOver(): boolean {
    return this.#source === "closed" || this.#source === "unreadable";
  }

  /** Whether a Close went to the receiver, the sender's or the gateway's own. */
  get closeSent(): boolean {
    return this.#sink === "closed";
  }

  /** From now on tells of each frame as the sender sends it, and of the gateway's own Close; `undefined`: of none. */
  watch(watch: FrameWatch | undefined): void {
    this.#tap = watch && new FrameTap(this.#scanner, watch);
  }

  /** Takes the sender's next bytes (see `ByteConsumer.onBytes`). */
  take(bytes: Uint8Array, start: number, end: number): void {
    if (this.sourceOver) return;
    if (this.#tap !== undefined) this.#tap.take(bytes, start, end);
    if (this.#held !== undefined) this.#hold(this.#held, bytes, start, end);
    else if (this.#sink === "open" && this.#source === "frames") this.#relay(bytes, start, end);
    else this.#search(bytes, this.#finishFrame(bytes, start, end), end);
  }

  /**
   * Sends the receiver a Close of the gateway's own, behind the frame that is on its way to it, and nothing of the sender
   * after that. Does nothing if the receiver has had a Close or takes nothing more.
   *
   * @param frame - the encoded Close, masked where the receiver is an upstream; kept.
   */
  insertClose(frame: Uint8Array): void {
    if (this.#sink !== "open") return;
    if (this.midFrame) {
      this.#sink = "last-frame";
      this.#ownClose = frame;
    } else {
      this.#sendOwnClose(frame);
    }
  }

  /** The receiver takes nothing more; the sender is read on for its Close. No timer is left. */
  shut(): void {
    if (this.#sink === "closed") return;
    this.#sink = "shut";
    this.#backpressure?.release();
  }

  /** The receiver takes more: the sender may go on. */
  drained(): void {
    this.#backpressure?.release();
  }

  #relay(bytes: Uint8Array, start: number, end: number): void {
    const scanner = this.#scanner;
    const { traffic } = this.#options;
    const { lifetime } = this.#from;
    let offset = start + this.#skipPayload(start, end);
    while (offset < end) {
      const headerStart = offset;
      const heldBytes = scanner.partialLength;
      offset = this.#readHeader(bytes, offset, end);
      const rule = scanner.headerComplete ? this.#judgeHeader() : this.#unreadable;
      if (rule !== undefined || !scanner.headerComplete || scanner.opcode === Opcode.Close) {
        this.#write(bytes, start, headerStart, lifetime);
        this.#withhold(rule, bytes, offset, end);
        return;
      }
      countFrame(traffic, scanner.opcode);
      if (scanner.opcode > Opcode.Close) this.#seePing(bytes, offset, end);
      if (heldBytes > 0) this.#write(scanner.headerBytes, 0, heldBytes, "call");
      offset += scanner.skipPayload(end - offset);
      if (scanner.payloadRemaining === 0) this.#countWhole();
    }
    this.#write(bytes, start, end, lifetime);
  }

  /** Returns how much of `[start, end)` is the rest of the frame that has begun. */
  #skipPayload(start: number, end: number): number {
    const scanner = this.#scanner;
    if (scanner.payloadRemaining === 0) return 0;
    const skipped = scanner.skipPayload(end - start);
    if (scanner.payloadRemaining === 0) this.#countWhole();
    return skipped;
  }

  /** A frame has gone on to its end: a length that is only claimed would be the largest message for ever. */
  #countWhole(): void {
    const { opcode, fin, payloadLength } = this.#scanner;
    if (!isControl(opcode)) countFragment(this.#options.traffic, fin, payloadLength);
  }

  /** One that is cut in two reads is not followed. */
  #seePing(bytes: Uint8Array, offset: number, end: number): void {
    const { opcode, payloadLength, maskWord } = this.#scanner;
    const { pings, sender } = this.#options;
    if (payloadLength <= end - offset) pings?.see(sender, opcode, bytes, offset, offset + payloadLength, maskWord);
  }

  /** Returns what is wrong with the frame whose header is complete; if nothing, it counts as part of its message. */
  #judgeHeader(): ErrorCode | undefined {
    const scanner = this.#scanner;
    const broken = brokenRule(scanner, this.#rules);
    if (broken !== undefined || isControl(scanner.opcode)) return broken;
    const meter = this.#meter;
    if (meter !== undefined) {
      const overLimit = meter.brokenLimit(scanner);
      if (overLimit !== undefined) return overLimit;
      meter.add(scanner);
    }
    this.#rules.insideMessage = !scanner.fin;
    return undefined;
  }

  /** What follows from a header that does not go on: it is incomplete, or of a Close, or breaks `rule`. */
  #withhold(rule: ErrorCode | undefined, bytes: Uint8Array, offset: number, end: number): void {
    if (rule !== undefined) {
      this.#withheld = true;
      this.#source = this.#unreadable === undefined ? "broken" : "unreadable";
      this.#options.tell({ type: "rule-broken", rule });
      this.#search(bytes, offset, end);
    } else if (this.#scanner.headerComplete) {
      this.#withheld = true;
      this.#hold(new HeldClose(this.#scanner), bytes, offset, end);
    }
  }

  /** Passes on the rest of the last frame and the gateway's Close behind it; returns the offset behind that frame. */
  #finishFrame(bytes: Uint8Array, start: number, end: number): number {
    if (this.#sink !== "last-frame" || this.#ownClose === undefined) return start;
    const frameEnd = start + this.#skipPayload(start, end);
    this.#write(bytes, start, frameEnd, this.#from.lifetime);
    if (this.#scanner.payloadRemaining === 0) {
      this.#sendOwnClose(this.#ownClose);
      this.#options.tell({ type: "close-sent" });
    }
    return frameEnd;
  }

  /** Reads and drops frames until the sender's Close. */
  #search(bytes: Uint8Array, start: number, end: number): void {
    const scanner = this.#scanner;
    let offset = start;
    while (offset < end && !this.sourceOver) {
      offset += scanner.skipPayload(end - offset);
      if (offset === end) return;
      offset = this.#readHeader(bytes, offset, end);
      const isClose = scanner.headerComplete && scanner.opcode === Opcode.Close;
      if (this.#unreadable !== undefined || (isClose && brokenRule(scanner, this.#rules) !== undefined)) {
        this.#source = "unreadable";
      } else if (isClose) {
        this.#hold(new HeldClose(scanner), bytes, offset, end);
        return;
      }
    }
  }

  /** Adds to the sender's Close and, when it is whole, judges it and passes it on. What follows it is dropped. */
  #hold(held: HeldClose, bytes: Uint8Array, offset: number, end: number): void {
    this.#held = held;
    held.take(bytes, offset, end);
    if (!held.isWhole) return;
    const goesOn = this.#sink === "open" && this.#source === "frames";
    this.#source = "closed";
    this.#held = undefined;
    const event = judgeClose(held);
    if (event.type === "close-received" && goesOn) this.#sendClose(held.frame);
    this.#options.tell(event);
  }

  #sendOwnClose(frame: Uint8Array): void {
    this.#tap?.see(frame);
    this.#sendClose(frame);
  }

  #sendClose(frame: Uint8Array): void {
    this.#sink = "closed";
    this.#ownClose = undefined;
    countFrame(this.#options.traffic, Opcode.Close);
    this.#options.traffic.bytes += frame.length;
    this.#to.write(frame, 0, frame.length, "kept");
    // Nothing follows, so there is nothing left to hold the sender back for.
    this.#backpressure?.release();
  }

  #readHeader(bytes: Uint8Array, offset: number, end: number): number {
    try {
      return this.#scanner.readHeader(bytes, offset, end);
    } catch (error) {
      this.#unreadable = ruleOf(error);
      return end;
    }
  }

  #write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): void {
    if (start === end) return;
    this.#options.traffic.bytes += end - start;
    if (!this.#to.write(bytes, start, end, lifetime)) this.#holdBack();
  }

  #holdBack(): void {
    const { tell } = this.#options;
    this.#backpressure ??= new Backpressure(this.#from, this.#to, this.#options, () => tell({ type: "stalled" }));
    this.#backpressure.hold();
  }
}

function judgeClose(held: HeldClose): PipeEvent {
  try {
    return { type: "close-received", code: held.parseCode() };
  } catch (error) {
    return { type: "rule-broken", rule: ruleOf(error) };
  }
}

function ruleOf(error: unknown): ErrorCode {
  if (error instanceof WebSocketError) return error.code;
  throw error;
}
