import { type ErrorCode, WebSocketError } from "../errors.ts";
import type { Frame } from "../frame/frame.ts";
import type { FrameHeader } from "../frame/frame-header.ts";
import { MessageMeter, type MessageLimits } from "../frame/message-meter.ts";
import { isControl, Opcode } from "../frame/opcode.ts";
import { ExtensionPipeline } from "./extension.ts";
import { parseText, Utf8Validator } from "./utf8.ts";

/**
 * A whole message (RFC 6455 §5.4). `data` belongs to whoever gets it; its `buffer` may hold more, of this WebSocket only, so
 * whoever looks at that minds `byteOffset`.
 */
export type Message =
  { readonly type: "text"; readonly text: string } | { readonly type: "binary"; readonly data: Uint8Array };

/** The next bytes of a message that comes in parts; may be none. `data` belongs to whoever gets it. */
export interface MessagePart {
  readonly type: "part";
  /** What the message is; of a text each part is checked, but may end within a character. */
  readonly of: "text" | "binary";
  readonly data: Uint8Array;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/**
 * Puts data frames together to messages, or gives them out in parts, within the same limits. For each frame: `checkHeader`,
 * perhaps `addPartial` while its payload arrives, then `add`. That the frames come in order is the business of
 * `frame-rules.ts`.
 */
export class MessageAssembler {
  /**
   * Whether messages come out in parts, as they arrive. Once a part is out, the rest follows in parts. One that an extension
   * has changed comes whole in any case.
   */
  wantsParts = false;
  readonly #limits: MessageLimits;
  readonly #pipeline: ExtensionPipeline;
  readonly #meter: MessageMeter;
  #opcode: Opcode = Opcode.Continuation;
  /** The bits of the message's first frame. */
  #rsv = 0;
  /** Of the frames that have ended, what was not given out. */
  #payloads: Uint8Array[] = [];
  #heldBytes = 0;
  /** Whether a part of the message is out. */
  #hasPartOut = false;
  /** Set once a text has begun to arrive in parts: then it sees all of it, so that nothing of it is checked twice. */
  #validator: Utf8Validator | undefined;
  /** Bytes at the start of the frame under way that the validator has seen. */
  #validatedBytes = 0;
  /** Bytes at the start of the frame under way that are out. */
  #outBytes = 0;
  /** Bytes of the frame under way that have arrived and are not out. */
  #partialBytes = 0;

  constructor(limits: MessageLimits, pipeline = new ExtensionPipeline([])) {
    this.#limits = limits;
    this.#pipeline = pipeline;
    this.#meter = new MessageMeter(limits);
  }

  /** Whether a fragmented message has begun and not ended. */
  get insideMessage(): boolean {
    return this.#meter.insideMessage;
  }

  /** Bytes of the message under way that have arrived and are not out. */
  get heldBytes(): number {
    return this.#heldBytes + this.#partialBytes;
  }

  /**
   * Refuses a data frame that would make its message too large, before its payload is kept.
   *
   * @throws WebSocketError `WS_MESSAGE_TOO_BIG`, `WS_FRAME_TOO_BIG` (both 1009) or `WS_TOO_MANY_FRAGMENTS` (1008).
   */
  checkHeader(header: Pick<FrameHeader, "payloadLength">): void {
    const broken = this.#meter.brokenLimit(header);
    if (broken) throw new WebSocketError(broken, this.#limitOf(broken));
  }

  /**
   * Takes what has arrived so far of a data frame, and has not come out before; returns the part that it comes out as, which is
   * the same bytes then, not a copy. Else it need not last. Checks text at once, so that a bad byte is not waited out; not where
   * an extension has changed the message, which is text only once it is whole and changed back.
   *
   * @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007).
   */
  addPartial(frame: Frame): MessagePart | undefined {
    if (isControl(frame.opcode)) return undefined;
    this.#begin(frame);
    if (this.#isPlainText) this.#validate(frame.payload);
    this.#partialBytes = frame.payload.length;
    if (!this.#comesInParts) return undefined;
    this.#keep(frame.payload);
    this.#outBytes += frame.payload.length;
    this.#validatedBytes = 0;
    this.#partialBytes = 0;
    return this.#partOf(this.#takeKept(), false);
  }

  /**
   * Takes a data frame and its payload, but for what has come out before; returns the message, as the extensions leave it, if this was its last, or the next
   * part.
   *
   * @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007), and what the extensions throw.
   */
  add(frame: Frame): Message | MessagePart | undefined {
    const { fin, payload } = frame;
    // Most messages: nothing is kept for them, and nothing is asked.
    if (
      fin &&
      frame.opcode !== Opcode.Continuation &&
      this.#partialBytes === 0 &&
      !this.wantsParts &&
      !this.#hasPartOut
    ) {
      return this.#decoded(frame);
    }
    this.#begin(frame);
    this.#meter.add({ fin, payloadLength: this.#outBytes + payload.length });
    if (this.#isPlainText) this.#validate(payload);
    this.#keep(payload);
    this.#validatedBytes = 0;
    this.#outBytes = 0;
    this.#partialBytes = 0;
    if (this.#comesInParts) return this.#endFrame(fin);
    return fin ? this.#endWhole() : undefined;
  }

  /** What is held of whole frames, as a part. `undefined` where nothing is, or where no parts are wanted or can be had. */
  takeHeldPart(): MessagePart | undefined {
    if (!this.insideMessage || !this.#comesInParts || this.#hasPartOut) return undefined;
    return this.#partOf(this.#takeKept(), false);
  }

  /** A message that began without parts can still come in parts; the other way there is none. */
  get #comesInParts(): boolean {
    return this.#hasPartOut || (this.wantsParts && this.#rsv === 0);
  }

  get #isPlainText(): boolean {
    return this.#opcode === Opcode.Text && this.#rsv === 0;
  }

  #begin({ opcode, rsv }: Frame): void {
    if (opcode === Opcode.Continuation) return;
    this.#opcode = opcode;
    this.#rsv = rsv;
  }

  #limitOf(code: ErrorCode): string {
    const { maxMessageBytes, maxFrameBytes, maxFragments } = this.#limits;
    if (code === "WS_TOO_MANY_FRAGMENTS") return `a message in more than ${maxFragments} frames`;
    return code === "WS_FRAME_TOO_BIG"
      ? `a frame of more than ${maxFrameBytes} bytes`
      : `a message of more than ${maxMessageBytes} bytes`;
  }

  #validate(payload: Uint8Array): void {
    this.#validator ??= new Utf8Validator();
    this.#validator.push(payload.subarray(this.#validatedBytes));
    this.#validatedBytes = payload.length;
  }

  #keep(payload: Uint8Array): void {
    if (payload.length === 0) return;
    this.#payloads.push(payload);
    this.#heldBytes += payload.length;
  }

  #takeKept(): Uint8Array {
    const held = joined(this.#payloads, this.#heldBytes);
    if (this.#heldBytes > 0) this.#payloads = [];
    this.#heldBytes = 0;
    return held;
  }

  #partOf(data: Uint8Array, isLast: boolean): MessagePart {
    const isFirst = !this.#hasPartOut;
    this.#hasPartOut = !isLast;
    return { type: "part", of: this.#opcode === Opcode.Text ? "text" : "binary", data, isFirst, isLast };
  }

  #endFrame(fin: boolean): MessagePart {
    if (fin) this.#endText();
    return this.#partOf(this.#takeKept(), fin);
  }

  #endWhole(): Message {
    const validator = this.#endText();
    return this.#decoded({ fin: true, rsv: this.#rsv, opcode: this.#opcode, payload: this.#takeKept() }, validator);
  }

  /** What has seen all of a text. */
  #endText(): Utf8Validator | undefined {
    const validator = this.#validator;
    this.#validator = undefined;
    validator?.end();
    return validator;
  }

  #decoded(whole: Frame, validator?: Utf8Validator): Message {
    const { payload: data } = this.#pipeline.decode(whole, this.#limits.maxMessageBytes);
    if (whole.opcode !== Opcode.Text) return { type: "binary", data };
    // An extension may have written to what the validator saw.
    const isChecked = validator !== undefined && this.#pipeline.isEmpty;
    return { type: "text", text: isChecked ? validator.textOf(data) : parseText(data) };
  }
}

/** One piece as it is, several copied together. */
function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first, second] = pieces;
  if (first && !second) return first;
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
