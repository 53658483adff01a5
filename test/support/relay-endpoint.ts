import { closeFrame, parseClosePayload, type Frame } from "../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { parseFrameHeader } from "../../src/protocol/frame/frame-header.ts";
import { applyMask } from "../../src/protocol/frame/mask.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import type { FarEnd } from "./far-end.ts";

/** The far end of one leg of a relay, and what else happens to a connection. */
export interface RelayPeer {
  readonly far: FarEnd;
  /** Whether the reset that the far end saw came with a code, and with which; asked when it is closed. */
  resetSeen(): string;
  /** Takes the whole connection away, as a lost network or an ended HTTP/2 session does. */
  loseConnection(): void;
  /** Says GOAWAY(NO_ERROR), where there is one. */
  goAway?(): void;
}

/**
 * How a peer behaves by itself: `answers` finishes the frame it is in, answers a Close and ends in its turn, as RFC 6455
 * has it; `silent` reads on and does nothing; `deaf` does not even read.
 */
export type Manner = "answers" | "silent" | "deaf";

const MaskKey = Uint8Array.of(0x5a, 0x01, 0xfe, 0x77);
const names: Record<number, string> = { 0: "continuation", 1: "text", 2: "binary", 9: "ping", 10: "pong" };

/** A WebSocket endpoint behind one leg of a relay. It writes down what it sees, a frame a line. */
export class RelayEndpoint {
  readonly peer: RelayPeer;
  readonly side: "client" | "upstream";
  readonly log: string[] = [];
  /** Nothing more will be seen: the stream is over, or this endpoint gave it up. */
  isOver = false;
  manner: Manner = "answers";
  readonly #onChange: () => void;
  #unread = Buffer.alloc(0);
  #unsent: Uint8Array | undefined;
  #saidClose = false;
  #heardClose = false;
  #ended = false;

  constructor(side: RelayEndpoint["side"], peer: RelayPeer, onChange: () => void) {
    this.side = side;
    this.peer = peer;
    this.#onChange = onChange;
    peer.far.observe({
      onBytes: (bytes) => this.#read(bytes),
      onEnd: () => this.#onEnd(),
      onClose: (how) => this.#onClose(how),
    });
  }

  /** Bytes of a frame of which the end has not come. */
  get unreadBytes(): number {
    return this.#unread.length;
  }

  behave(manner: Manner): void {
    this.manner = manner;
    if (manner === "deaf") this.peer.far.stopReading();
  }

  /** Sends `frame` as this side does: a client masks. */
  say(frame: Frame): void {
    if (frame.opcode === Opcode.Close) this.#saidClose = true;
    this.peer.far.send(this.#encode(frame));
  }

  /** Sends a Close with `code`, or one without a code. */
  close(code?: number): void {
    this.say(closeFrame(code));
    this.#endAfterCloses();
  }

  /** Sends the beginning of a frame: its header and all but the last 6 bytes. */
  begin(frame: Frame): void {
    const bytes = this.#encode(frame);
    this.peer.far.send(bytes.subarray(0, -6));
    this.#unsent = bytes.subarray(-6);
  }

  /** Sends the end of the frame that was begun. */
  finish(): void {
    if (this.#unsent !== undefined) this.peer.far.send(this.#unsent);
    this.#unsent = undefined;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.peer.far.end();
  }

  reset(): void {
    this.isOver = true;
    this.peer.far.reset();
  }

  loseConnection(): void {
    this.isOver = true;
    this.peer.loseConnection();
  }

  /** Looks whether the connection still stands, behind an end that a TCP socket sees nothing after. */
  probe(): void {
    this.peer.far.readOn();
    if (this.log.includes("end") && !this.#ended && !this.isOver) this.peer.far.send(Uint8Array.of(0x8a));
  }

  #encode(frame: Frame): Uint8Array {
    return encodeFrame(frame, { maskKey: this.side === "client" ? MaskKey : undefined });
  }

  #read(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const header = parseFrameHeader(this.#unread);
      if (header === undefined || this.#unread.length < header.headerLength + header.payloadLength) break;
      const frameEnd = header.headerLength + header.payloadLength;
      const payload = this.#unread.subarray(header.headerLength, frameEnd);
      if (header.maskKey) applyMask(payload, header.maskKey);
      if (header.masked === (this.side === "client")) this.log.push("wrongly masked:");
      this.#unread = this.#unread.subarray(frameEnd);
      this.#onFrame(header.opcode, payload);
    }
    this.#onChange();
  }

  #onFrame(opcode: number, payload: Uint8Array): void {
    if (opcode !== Opcode.Close) {
      const what = opcode === Opcode.Text ? Buffer.from(payload).toString() : payload.length;
      this.log.push(`${names[opcode]} ${what}`);
      return;
    }
    const { code, reason } = parseClosePayload(payload);
    this.log.push(`close ${code}${reason && ` ${reason}`}`);
    this.#heardClose = true;
    if (this.manner !== "answers") return;
    if (!this.#saidClose) {
      this.finish();
      this.say(closeFrame(code === 1005 ? undefined : code, reason));
    }
    this.#endAfterCloses();
  }

  /** The server is the first to end behind two Closes (RFC 6455 §7.1.1). */
  #endAfterCloses(): void {
    if (this.side === "upstream" && this.#saidClose && this.#heardClose) this.end();
  }

  #onEnd(): void {
    if (this.isOver) return;
    this.#partial();
    this.log.push("end");
    if (this.manner === "answers") this.end();
    this.#onChange();
  }

  #onClose(how: "ended" | "reset"): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#partial();
    if (how === "reset") this.log.push(this.peer.resetSeen());
    this.#onChange();
  }

  #partial(): void {
    const header = parseFrameHeader(this.#unread);
    if (this.#unread.length === 0) return;
    const rest = header ? `${this.#unread.length - header.headerLength} of ${header.payloadLength}` : "half a header";
    this.log.push(`${header ? names[header.opcode] : ""} ${rest}`.trim());
    this.#unread = Buffer.alloc(0);
  }
}
