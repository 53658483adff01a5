import { CloseCode } from "../close-code.ts";
import { WebSocketError } from "../errors.ts";
import {
  binaryFrame,
  closeFrame,
  type Frame,
  parseClosePayload,
  pingFrame,
  pongFrame,
  textFrame,
} from "../frame/frame.ts";
import { encodeHeaderOf, encodeMasked, encodeUnmasked } from "../frame/frame-codec.ts";
import { FrameDecoder, type ReceivedHeader } from "../frame/frame-decoder.ts";
import { brokenRule } from "../frame/frame-rules.ts";
import { createMaskWord } from "../frame/mask.ts";
import { isControl, Opcode } from "../frame/opcode.ts";
import type { MessageLimits } from "../frame/message-meter.ts";
import { countFragment, countFrame, type Traffic } from "../frame/traffic.ts";
import { type Extension, ExtensionPipeline, type SendOptions } from "./extension.ts";
import type { ControlFrameMeter } from "./control-frame-meter.ts";
import { type Message, MessageAssembler, type MessagePart } from "./message.ts";
import { Utf8Validator } from "./utf8.ts";

/** How a WebSocket came to its end (RFC 6455 §7.1.4–7.1.6). */
export interface Closing {
  /** What the first Close said: 1005 if it had no code, 1006 if none was seen or sent. */
  readonly code: number;
  readonly reason: string;
  /** What the peer's own Close said, be it the first or the answer: 1005 if it had no code; `undefined` if none was seen. */
  readonly peerClose: { readonly code: number; readonly reason: string } | undefined;
  /** Who began it. A broken rule counts as ours: we end it. */
  readonly initiator: "peer" | "local";
  /** Whether a Close has gone each way; to a machine by itself, ours has where it was given out. */
  readonly clean: boolean;
  /** The rule that the peer broke, if that was why. */
  readonly error: WebSocketError | undefined;
}

const Nothing: readonly never[] = [];
const NoClose = { code: CloseCode.Abnormal, reason: "" } as const;
/** From this many bytes on a payload of its own goes out behind its header as it is: a copy costs more than a second piece. */
const PassedOnBytes = 1_024;

/** What happened on a WebSocket. `closed` comes once, and last. */
export type ConnectionEvent =
  | Message
  | MessagePart
  | { readonly type: "ping" | "pong"; readonly payload: Uint8Array }
  | { readonly type: "closed"; readonly closing: Closing };

/** What a {@link ConnectionMachine} is made of. */
export interface ConnectionMachineOptions extends MessageLimits {
  /** A client masks what it sends, a server does not. */
  readonly role: "server" | "client";
  /** What was agreed on in the opening handshake, in its order and for this WebSocket only; none if not given. */
  readonly extensions?: readonly Extension[] | undefined;
  /** Holds the peer's Pings and Pongs to a rate; any number may come if not given. */
  readonly controlFrameMeter?: ControlFrameMeter | undefined;
  /** Counts what comes in, up to the end. */
  readonly incoming: Traffic;
  /** Counts what `takeOutput` gives out. */
  readonly outgoing: Traffic;
}

/**
 * One endpoint of a WebSocket without its transport: bytes in, events out, bytes to send back.
 *
 *            close()                peer's Close, rule broken or end()
 *     open ─────────▶ closing ────────────────────────────────────────▶ closed
 *      │                                                                 ▲
 *      └── peer's Close: answered · rule broken: Close · end() ──────────┘
 *
 * Each endpoint sends at most one Close (RFC 6455 §5.5.1), and nothing behind it. Messages and Pings that come after our
 * own Close are read and dropped; after `closed` nothing is read.
 */
export class ConnectionMachine {
  readonly #role: "server" | "client";
  readonly #controlFrameMeter: ControlFrameMeter | undefined;
  readonly #incoming: Traffic;
  readonly #outgoing: Traffic;
  /** Where it is in the peer's frames: to be looked at alone. */
  readonly decoder = new FrameDecoder((header) => this.#checkHeader(header));
  readonly #pipeline: ExtensionPipeline;
  readonly #assembler: MessageAssembler;
  #state: "open" | "closing" | "closed" = "open";
  /** What our own Close said, once it began the closing. */
  #ownClose: { readonly code: number; readonly reason: string } | undefined;
  /** Whether the last part that was sent left its message open. */
  #isSendingParts = false;
  /** Set while a text is sent in parts. */
  #textSent: Utf8Validator | undefined;
  #event: ConnectionEvent | undefined;
  #output: Uint8Array[] | undefined;

  /** @throws TypeError where two extensions own the same RSV bit. */
  constructor(options: ConnectionMachineOptions) {
    this.#role = options.role;
    this.#controlFrameMeter = options.controlFrameMeter;
    this.#incoming = options.incoming;
    this.#outgoing = options.outgoing;
    this.#pipeline = new ExtensionPipeline(options.extensions ?? Nothing);
    this.#assembler = new MessageAssembler(options, this.#pipeline);
  }

  get state(): "open" | "closing" | "closed" {
    return this.#state;
  }

  /** Bytes that are held of a message until all of it has come. */
  get heldBytes(): number {
    return this.#assembler.heldBytes;
  }

  /** Whether a message of the peer's has begun to arrive and not ended. */
  get isMessageArriving(): boolean {
    return this.#assembler.insideMessage || this.#assembler.heldBytes > 0;
  }

  /** Gives out messages whole from now on, but for one of which a part is out. */
  deliverWhole(): void {
    this.#assembler.wantsParts = false;
  }

  /** Gives out messages in parts from now on, and at once what is held of one; after it ask `takeEvent`. */
  deliverParts(): void {
    if (this.#assembler.wantsParts) return;
    this.#assembler.wantsParts = true;
    if (this.#state !== "open") return;
    const partial = this.decoder.partialFrame;
    this.#event = (partial && this.#addPartial(partial)) ?? this.#assembler.takeHeldPart();
  }

  /**
   * Reads on to the end of a frame or to `end`, whichever comes first, and returns the offset behind what it took. After
   * each call ask `takeEvent` and `takeOutput`. So whoever holds back the rest of the bytes holds back what would follow
   * from them, the answer to a Close included. The bytes are copied. Never throws for what the peer sent.
   */
  read(bytes: Uint8Array, offset: number, end: number): number {
    if (this.#state === "closed") return end;
    const position = this.#decode(bytes, offset, end);
    this.#incoming.bytes += position - offset;
    return position;
  }

  /** What came out of the last `read` or `end`, once; most frames, but not all, are an event. */
  takeEvent(): ConnectionEvent | undefined {
    const event = this.#event;
    this.#event = undefined;
    return event;
  }

  /** What to send, once and in order, whole frames together; nobody will write to these bytes again. */
  takeOutput(): readonly Uint8Array[] {
    const output = this.#output ?? Nothing;
    this.#output = undefined;
    return output;
  }

  /**
   * Sends a message in one frame: text for a string, else binary; as the extensions leave it. The bytes are copied where
   * their `lifetime` is not `kept`.
   *
   * @throws WebSocketError `WS_NOT_OPEN` with origin `caller` after a Close or the end.
   * @throws TypeError while a message is sent in parts.
   */
  send(message: string | Uint8Array, options: SendOptions = {}): void {
    this.#checkOpen();
    if (this.#isSendingParts) throw new TypeError("another message is being sent in parts");
    const frame = typeof message === "string" ? textFrame(message) : binaryFrame(message);
    const sent = this.#pipeline.encode(frame, options);
    const isKept = sent.payload !== message || options.lifetime === "kept";
    this.#enqueue(sent, isKept ? "kept" : "call");
  }

  /**
   * Sends a part of a message as one frame, past the extensions; control frames may go between parts. The bytes are copied.
   *
   * @param end - whether it is the last part of its message.
   * @throws WebSocketError `WS_NOT_OPEN`, or `WS_TEXT_NOT_UTF8` for a text that is none, both with origin `caller`; then
   *   nothing was sent, and the message cannot go on.
   */
  sendPart(of: "text" | "binary", payload: Uint8Array, end: "more" | "last"): void {
    this.#checkOpen();
    if (of === "text") this.#checkTextSent(payload, end);
    const first = of === "text" ? Opcode.Text : Opcode.Binary;
    const opcode = this.#isSendingParts ? Opcode.Continuation : first;
    this.#isSendingParts = end === "more";
    this.#enqueue({ fin: end === "last", rsv: 0, opcode, payload });
  }

  /**
   * Sends a Ping; the bytes are copied.
   *
   * @throws WebSocketError `WS_NOT_OPEN`, or `WS_CONTROL_TOO_LONG` for more than 125 bytes, both with origin `caller`.
   */
  ping(payload: Uint8Array): void {
    this.#checkOpen();
    this.#enqueue(pingFrame(payload));
  }

  /** Sends a Pong that nobody asked for, and that is not answered (RFC 6455 §5.5.3). Throws `WS_NOT_OPEN` like `ping`. */
  pong(): void {
    this.#checkOpen();
    this.#enqueue(pongFrame(new Uint8Array(0)));
  }

  /**
   * Sends a Close and begins the closing handshake; of `reason` as much as fits into 123 bytes, whole characters only. With
   * `code` 1005 the Close has none, and no reason.
   * Does nothing after a Close or the end.
   *
   * @throws WebSocketError `WS_CLOSE_CODE_INVALID` with origin `caller`; the WebSocket then stays as it was.
   */
  close(code: number = CloseCode.Normal, reason = ""): void {
    if (this.#state !== "open") return;
    const frame = closeFrame(code === CloseCode.NoStatus ? undefined : code, reason);
    this.#enqueue(frame);
    this.#ownClose = parseClosePayload(frame.payload);
    this.#state = "closing";
  }

  /**
   * The transport ended or is given up, by whom `initiator` says; not clean, unless the WebSocket was closed before: then
   * nothing happens. After it ask `takeEvent`.
   */
  end(initiator: Closing["initiator"]): void {
    if (this.#state === "closed") return;
    const begun = this.#ownClose ? { ...this.#ownClose, initiator: "local" as const } : { ...NoClose, initiator };
    this.#finish({ ...begun, peerClose: undefined, clean: false, error: undefined });
  }

  #checkOpen(): void {
    if (this.#state === "open") return;
    throw new WebSocketError("WS_NOT_OPEN", `the WebSocket is ${this.#state}`, { origin: "caller" });
  }

  #checkTextSent(payload: Uint8Array, end: "more" | "last"): void {
    if (!this.#isSendingParts) this.#textSent = new Utf8Validator("caller");
    this.#textSent?.push(payload);
    if (end === "more") return;
    this.#textSent?.end();
    this.#textSent = undefined;
  }

  #decode(bytes: Uint8Array, offset: number, end: number): number {
    try {
      const position = this.decoder.read(bytes, offset, end);
      const frame = this.decoder.takeFrame();
      const partial = frame ? undefined : this.decoder.partialFrame;
      if (frame) this.#receive(frame);
      if (partial) this.#receivePartial(partial);
      return position;
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.#fail(error);
      return end;
    }
  }

  #checkHeader(header: ReceivedHeader): void {
    const sender = this.#role === "server" ? "client" : "server";
    const broken = brokenRule(header, {
      sender,
      allowedRsv: this.#pipeline.rsv,
      insideMessage: this.#assembler.insideMessage,
    });
    if (broken) throw new WebSocketError(broken, `a frame that a ${sender} may not send now`);
    if (isControl(header.opcode)) this.#checkRate(header.opcode);
    else this.#assembler.checkHeader(header);
    countFrame(this.#incoming, header.opcode);
  }

  /** A Close never counts: what a peer did before it is no reason not to hear that it leaves. */
  #checkRate(opcode: number): void {
    const meter = this.#controlFrameMeter;
    if (!meter || opcode === Opcode.Close || meter.take()) return;
    throw new WebSocketError("WS_TOO_MANY_CONTROL_FRAMES", "more Pings and Pongs than may come");
  }

  #receivePartial(frame: Frame): void {
    const part = this.#addPartial(frame);
    if (this.#state === "open") this.#event = part;
  }

  #addPartial(frame: Frame): MessagePart | undefined {
    const part = this.#assembler.addPartial(frame);
    if (part) this.decoder.releasePartial();
    return part;
  }

  #receive(frame: Frame): void {
    if (frame.opcode === Opcode.Close) {
      this.#receiveClose(frame.payload);
      return;
    }
    const event = this.#eventOf(frame);
    if (this.#state !== "open") return;
    if (frame.opcode === Opcode.Ping) this.#enqueue(pongFrame(frame.payload));
    this.#event = event;
  }

  #eventOf(frame: Frame): ConnectionEvent | undefined {
    if (frame.opcode === Opcode.Ping) return { type: "ping", payload: frame.payload };
    if (frame.opcode === Opcode.Pong) return { type: "pong", payload: frame.payload };
    countFragment(this.#incoming, frame.fin, this.decoder.scanner.payloadLength);
    return this.#assembler.add(frame);
  }

  #receiveClose(payload: Uint8Array): void {
    const close = parseClosePayload(payload);
    if (this.#ownClose) {
      this.#finish({ ...this.#ownClose, peerClose: close, initiator: "local", clean: true, error: undefined });
      return;
    }
    this.#enqueue(closeFrame(close.code === CloseCode.NoStatus ? undefined : close.code));
    this.#finish({ ...close, peerClose: close, initiator: "peer", clean: true, error: undefined });
  }

  /** Fails the WebSocket (RFC 6455 §7.1.7). After our own Close the peer's fault changes nothing but that it is not clean. */
  #fail(error: WebSocketError): void {
    const close = this.#ownClose ?? { code: error.closeCode, reason: error.message };
    if (!this.#ownClose) this.#enqueue(closeFrame(close.code, close.reason));
    this.#finish({ ...close, peerClose: undefined, initiator: "local", clean: false, error });
  }

  #finish(closing: Closing): void {
    this.#state = "closed";
    this.#event = { type: "closed", closing };
  }

  #enqueue(frame: Frame, lifetime: "call" | "kept" = "call"): void {
    const isPassedOn = lifetime === "kept" && this.#role === "server" && frame.payload.length >= PassedOnBytes;
    const bytes = isPassedOn ? encodeHeaderOf(frame) : this.#encoded(frame);
    countFrame(this.#outgoing, frame.opcode);
    if (!isControl(frame.opcode)) countFragment(this.#outgoing, frame.fin, frame.payload.length);
    this.#push(bytes);
    if (isPassedOn) this.#push(frame.payload);
  }

  #encoded(frame: Frame): Uint8Array {
    return this.#role === "client" ? encodeMasked(frame, createMaskWord()) : encodeUnmasked(frame);
  }

  #push(bytes: Uint8Array): void {
    this.#outgoing.bytes += bytes.length;
    // An array that begins empty would have room for sixteen more.
    if (this.#output) this.#output.push(bytes);
    else this.#output = [bytes];
  }
}
