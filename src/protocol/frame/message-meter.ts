import type { ErrorCode } from "../errors.ts";
import type { FrameHeader } from "./frame-header.ts";

/** How large a message may grow. `undefined` is no limit. Sizes are of the wire: compressed, where it is. */
export interface MessageLimits {
  /** Payload bytes of all its frames together; more is 1009. */
  readonly maxMessageBytes: number | undefined;
  /** Payload bytes of one frame; more is 1009. */
  readonly maxFrameBytes: number | undefined;
  /** Frames, empty ones included; more is 1008. */
  readonly maxFragments: number | undefined;
}

/** The limits of a message, as metrics name them. */
export type MessageLimit = "message_bytes" | "frame_bytes" | "fragments";

const LimitOfError: Partial<Record<ErrorCode, MessageLimit>> = {
  WS_MESSAGE_TOO_BIG: "message_bytes",
  WS_INFLATE_RATIO: "message_bytes",
  WS_FRAME_TOO_BIG: "frame_bytes",
  WS_TOO_MANY_FRAGMENTS: "fragments",
};

/** The limit that a peer went over, or `undefined` where `code` is of anything else. */
export function messageLimitOf(code: ErrorCode): MessageLimit | undefined {
  return LimitOfError[code];
}

/**
 * Adds up the frames of one message after the other, by their headers alone. For each data frame, in order: `brokenLimit`,
 * and if it may come, `add`. Control frames are not counted: they are at most 125 bytes, and no part of a message.
 */
export class MessageMeter {
  readonly #maxMessageBytes: number;
  readonly #maxFrameBytes: number;
  readonly #maxFragments: number;
  #bytes = 0;
  #fragments = 0;

  constructor({ maxMessageBytes, maxFrameBytes, maxFragments }: MessageLimits) {
    this.#maxMessageBytes = maxMessageBytes ?? Number.MAX_SAFE_INTEGER;
    this.#maxFrameBytes = maxFrameBytes ?? Number.MAX_SAFE_INTEGER;
    this.#maxFragments = maxFragments ?? Number.MAX_SAFE_INTEGER;
  }

  /** A meter, or `undefined` where there is nothing to hold messages to. */
  static try(limits: MessageLimits): MessageMeter | undefined {
    const { maxMessageBytes, maxFrameBytes, maxFragments } = limits;
    const isLimited = maxMessageBytes !== undefined || maxFrameBytes !== undefined || maxFragments !== undefined;
    return isLimited ? new MessageMeter(limits) : undefined;
  }

  /** Whether a fragmented message has begun and not ended. */
  get insideMessage(): boolean {
    return this.#fragments > 0;
  }

  /** The limit that the data frame with this header would break, before any of its payload is needed; `undefined`: none. */
  brokenLimit({ payloadLength }: Pick<FrameHeader, "payloadLength">): ErrorCode | undefined {
    if (payloadLength > this.#maxFrameBytes) return "WS_FRAME_TOO_BIG";
    if (this.#bytes + payloadLength > this.#maxMessageBytes) return "WS_MESSAGE_TOO_BIG";
    return this.#fragments >= this.#maxFragments ? "WS_TOO_MANY_FRAGMENTS" : undefined;
  }

  /** Counts a data frame that may come; the last one of a message ends the count. */
  add({ fin, payloadLength }: Pick<FrameHeader, "fin" | "payloadLength">): void {
    this.#bytes = fin ? 0 : this.#bytes + payloadLength;
    this.#fragments = fin ? 0 : this.#fragments + 1;
  }
}
