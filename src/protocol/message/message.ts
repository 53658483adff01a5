import { type ErrorCode, WebSocketError } from "../errors.ts";
import type { Frame } from "../frame/frame.ts";
import type { FrameHeader } from "../frame/frame-header.ts";
import { MessageMeter, type MessageLimits } from "../frame/message-meter.ts";
import { Opcode } from "../frame/opcode.ts";
import { ExtensionPipeline } from "./extension.ts";
import { parseText, Utf8Validator } from "./utf8.ts";

/** A whole message (RFC 6455 §5.4). `data` belongs to whoever gets it. */
export type Message =
  { readonly type: "text"; readonly text: string } | { readonly type: "binary"; readonly data: Uint8Array };

/**
 * Puts data frames together to messages, within limits. For each frame: `checkHeader`, perhaps `checkPartial` while its
 * payload arrives, then `add`. That the frames come in order is the business of `frame-rules.ts`.
 */
export class MessageAssembler {
  readonly #limits: MessageLimits;
  readonly #pipeline: ExtensionPipeline;
  readonly #meter: MessageMeter;
  #opcode: Opcode = Opcode.Continuation;
  /** The bits of the message's first frame. */
  #rsv = 0;
  #payloads: Uint8Array[] = [];
  /** Set once a text has begun to arrive in parts; the whole of it is checked again as it is decoded. */
  #validator: Utf8Validator | undefined;
  /** Bytes at the start of the frame under way that the validator has seen. */
  #validatedBytes = 0;

  constructor(limits: MessageLimits, pipeline = new ExtensionPipeline([])) {
    this.#limits = limits;
    this.#pipeline = pipeline;
    this.#meter = new MessageMeter(limits);
  }

  /** Whether a fragmented message has begun and not ended. */
  get insideMessage(): boolean {
    return this.#meter.insideMessage;
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
   * Checks the text in a data frame that has not arrived whole, so that a bad byte is not waited out; not where an extension
   * has changed the message, which is text only once it is whole and changed back.
   *
   * @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007).
   */
  checkPartial(frame: Frame): void {
    if (this.#opcodeOf(frame) === Opcode.Text && this.#rsvOf(frame) === 0) this.#validate(frame.payload);
  }

  /**
   * Takes a data frame and its payload; returns the message, as the extensions leave it, if this was its last.
   *
   * @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007), and what the extensions throw.
   */
  add(frame: Frame): Message | undefined {
    const opcode = this.#opcodeOf(frame);
    const rsv = this.#rsvOf(frame);
    if (opcode === Opcode.Text && rsv === 0 && !frame.fin) this.#validate(frame.payload);
    this.#validatedBytes = 0;
    this.#opcode = opcode;
    this.#rsv = rsv;
    this.#meter.add({ fin: frame.fin, payloadLength: frame.payload.length });
    if (frame.payload.length > 0) this.#payloads.push(frame.payload);
    return frame.fin ? this.#finish() : undefined;
  }

  #limitOf(code: ErrorCode): string {
    const { maxMessageBytes, maxFrameBytes, maxFragments } = this.#limits;
    if (code === "WS_TOO_MANY_FRAGMENTS") return `a message in more than ${maxFragments} frames`;
    return code === "WS_FRAME_TOO_BIG"
      ? `a frame of more than ${maxFrameBytes} bytes`
      : `a message of more than ${maxMessageBytes} bytes`;
  }

  #opcodeOf(frame: Frame): Opcode {
    return frame.opcode === Opcode.Continuation ? this.#opcode : frame.opcode;
  }

  #rsvOf(frame: Frame): number {
    return frame.opcode === Opcode.Continuation ? this.#rsv : frame.rsv;
  }

  #validate(payload: Uint8Array): void {
    this.#validator ??= new Utf8Validator();
    this.#validator.push(payload.subarray(this.#validatedBytes));
    this.#validatedBytes = payload.length;
  }

  #finish(): Message {
    const whole = { fin: true, rsv: this.#rsv, opcode: this.#opcode, payload: this.#join() };
    const { payload: data } = this.#pipeline.decode(whole, this.#limits.maxMessageBytes);
    const isText = this.#opcode === Opcode.Text;
    this.#payloads = [];
    this.#validator = undefined;
    return isText ? { type: "text", text: parseText(data) } : { type: "binary", data };
  }

  #join(): Uint8Array {
    const [first, second] = this.#payloads;
    if (first && !second) return first;
    const whole = new Uint8Array(this.#payloads.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const payload of this.#payloads) {
      whole.set(payload, offset);
      offset += payload.length;
    }
    return whole;
  }
}
