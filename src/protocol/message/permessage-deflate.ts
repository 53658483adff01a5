import type { Frame } from "../frame/frame.ts";
import type { Extension, SendOptions } from "./extension.ts";
import { deflateMessage, type InflateBound, inflateMessage } from "./raw-deflate.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** Set on the first frame of a compressed message (RFC 7692 §6). */
const Rsv1 = 0b100;

/** Up to this much output no ratio is too high: it costs nobody anything. */
const FreeBytes = 65_536;

/** What DEFLATE can do at most: 258 bytes for 2 bits. */
const MaxRatio = 1_032;

/** How one direction is compressed. */
export interface DeflateDirection {
  /** 8–15: nothing refers back further than 2^windowBits bytes. */
  readonly windowBits: number;
  /** Whether a message may refer to the ones before it; if not, nothing is remembered. */
  readonly contextTakeover: boolean;
}

/** What is no matter of agreement: how this endpoint compresses, and what it lets the peer's messages grow to. */
export interface DeflateTuning {
  /** 1, fast, to 9, small; 3 if not given. */
  readonly level?: number | undefined;
  /** Messages of fewer bytes are sent as they are; 128 if not given. */
  readonly thresholdBytes?: number | undefined;
  /** How many times its size on the wire a message may be, once it is more than 64 KiB; any, 1032 that is, if not given. */
  readonly maxInflateRatio?: number | undefined;
}

const DefaultLevel = 3;
const DefaultThresholdBytes = 128;

/**
 * permessage-deflate on one WebSocket (RFC 7692). It remembers the window of either direction and nothing else, so it takes
 * 2^windowBits bytes for each that takes its context over, 64 KiB at most, and only as much as was said. zlib's own 300 KiB
 * are needed during a call, one at a time in a process.
 *
 * A call takes 10 to 30 µs for a message of 1 KiB, and nothing else runs meanwhile: 8 ms to deflate 1 MiB and 2 to inflate it,
 * 120 and 24 for 16 MiB. What a peer can make of that is bounded by `maxMessageBytes`. No thread does it, since the messages
 * of a WebSocket would wait for each other: what is that large can be sent with `compress: false`, or in parts.
 *
 * What compressing makes no smaller is sent as it is, and forgotten.
 */
export class PermessageDeflate implements Extension {
  readonly name = "permessage-deflate";
  readonly rsv = Rsv1;
  readonly #outgoing: DeflateDirection;
  readonly #incoming: DeflateDirection;
  readonly #sent: SlidingWindow;
  readonly #received: SlidingWindow;
  readonly #level: number;
  readonly #thresholdBytes: number;
  readonly #maxInflateRatio: number;

  constructor(
    { outgoing, incoming }: { readonly outgoing: DeflateDirection; readonly incoming: DeflateDirection },
    tuning: DeflateTuning = {},
  ) {
    this.#outgoing = outgoing;
    this.#incoming = incoming;
    this.#sent = new SlidingWindow(outgoing.windowBits);
    this.#received = new SlidingWindow(incoming.windowBits);
    this.#level = tuning.level ?? DefaultLevel;
    this.#thresholdBytes = tuning.thresholdBytes ?? DefaultThresholdBytes;
    this.#maxInflateRatio = tuning.maxInflateRatio ?? MaxRatio;
  }

  /** Bytes of memory that both windows take now. */
  get heldBytes(): number {
    return this.#sent.heldBytes + this.#received.heldBytes;
  }

  encode(message: Frame, { compress = true }: SendOptions): Frame {
    const { payload } = message;
    if (!compress || payload.length < this.#thresholdBytes) return message;
    const { windowBits, contextTakeover } = this.#outgoing;
    const deflated = deflateMessage(payload, this.#sent, { level: this.#level, windowBits });
    if (deflated.length >= payload.length) return message;
    if (contextTakeover) this.#sent.push(payload);
    return { ...message, rsv: message.rsv | Rsv1, payload: deflated };
  }

  /** @throws WebSocketError `WS_DEFLATE_INVALID` (1007), `WS_MESSAGE_TOO_BIG` or `WS_INFLATE_RATIO` (both 1009). */
  decode(message: Frame, maxBytes: number | undefined): Frame {
    if ((message.rsv & Rsv1) === 0) return message;
    const { windowBits, contextTakeover } = this.#incoming;
    const bound = this.#boundOf(message.payload.length, maxBytes);
    const payload = inflateMessage(message.payload, this.#received, windowBits, bound);
    if (!contextTakeover) this.#received.clear();
    return { ...message, rsv: message.rsv & ~Rsv1, payload };
  }

  #boundOf(wireBytes: number, maxBytes = Number.MAX_SAFE_INTEGER): InflateBound {
    const ratioBytes = Math.max(FreeBytes, wireBytes * this.#maxInflateRatio);
    return ratioBytes < maxBytes
      ? { maxBytes: ratioBytes, code: "WS_INFLATE_RATIO" }
      : { maxBytes, code: "WS_MESSAGE_TOO_BIG" };
  }
}
