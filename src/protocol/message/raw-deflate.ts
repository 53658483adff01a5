import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { type ErrorCode, WebSocketError } from "../errors.ts";
import type { SlidingWindow } from "./sliding-window.ts";

// A zlib stream that lived as long as its WebSocket would hold some 300 KiB, and node offers one only with a trip through
// its thread pool for each message. All that such a stream remembers between messages is its window. So each message is a
// zlib call of its own that is given the window as its dictionary: the same for the peer, and at once.

/** What the sender of a message cut off (RFC 7692 §7.2.2), and an empty final block that shows where the stream ends. */
const Tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x03, 0x00);
const FlushMarkerBytes = 4;

/** How many streams that say they are final may stand in one message: each costs a call, for 2 bytes. */
const MaxFinalBlocks = 16;

/** How much may come out of one message, and what it is refused with if it is more. */
export interface InflateBound {
  readonly maxBytes: number;
  readonly code: Extract<ErrorCode, "WS_MESSAGE_TOO_BIG" | "WS_INFLATE_RATIO">;
}

/** Bytes that zlib gives out in one step: no more than this is inflated beyond a bound. */
const MaxStepBytes = 65_536;
const MinStepBytes = 64;

/**
 * `payload` as DEFLATE with a sync flush, its 00 00 ff ff cut off (RFC 7692 §7.2.1). It may refer back to `window`, which
 * stays as it is.
 *
 * @param options - `level` 1–9; `windowBits` 8–15.
 */
export function deflateMessage(
  payload: Uint8Array,
  window: SlidingWindow,
  { level, windowBits }: { readonly level: number; readonly windowBits: number },
): Uint8Array {
  const deflated = deflateRawSync(payload, {
    level,
    // zlib deflates with no window of 2^8, but in one of 2^9 it refers back 250 bytes at most.
    windowBits: Math.max(windowBits, 9),
    ...dictionaryOf(window),
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: stepBytes(payload.length, window),
  });
  return deflated.subarray(0, deflated.length - FlushMarkerBytes);
}

/**
 * What was deflated to `payload` (RFC 7692 §7.2.2); it becomes part of `window`. Final blocks are read on from, as §7.2.3.4
 * has it. The bytes belong to the caller.
 *
 * @param bound - of what may come out; 64 KiB more than that are inflated at most.
 * @throws WebSocketError `WS_DEFLATE_INVALID` (1007) for what is not DEFLATE or breaks off, and the code of `bound` (1009).
 */
export function inflateMessage(
  payload: Uint8Array,
  window: SlidingWindow,
  windowBits: number,
  bound: InflateBound,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let rest = joined([payload, Tail]);
  let room = bound.maxBytes;
  for (let streams = 0; rest.length > 0; streams++) {
    if (streams > MaxFinalBlocks) {
      throw new WebSocketError("WS_DEFLATE_INVALID", `a message with more than ${MaxFinalBlocks} final blocks`);
    }
    const { output, consumed } = inflateStream(rest, window, windowBits, { ...bound, maxBytes: room });
    if (output.length > room) throw tooBig(bound);
    room -= output.length;
    rest = rest.subarray(consumed);
    window.push(output);
    parts.push(output);
  }
  // A copy in any case: small outputs of zlib share memory with whatever else node has allocated.
  return joined(parts);
}

/** Inflates up to the end of the first final block. */
function inflateStream(
  bytes: Uint8Array,
  window: SlidingWindow,
  windowBits: number,
  bound: InflateBound,
): { readonly output: Uint8Array; readonly consumed: number } {
  try {
    const result: unknown = inflateRawSync(bytes, {
      windowBits,
      ...dictionaryOf(window),
      maxOutputLength: Math.max(bound.maxBytes, 1),
      chunkSize: stepBytes(Math.min(bytes.length * 8, bound.maxBytes), window),
      info: true,
    });
    if (!isWithEngine(result)) throw new TypeError("zlib did not say how much it has read");
    return { output: result.buffer, consumed: result.engine.bytesWritten };
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    if (codeOf(cause) === "ERR_BUFFER_TOO_LARGE") throw tooBig(bound, cause);
    throw new WebSocketError("WS_DEFLATE_INVALID", "a compressed message is not DEFLATE", { cause });
  }
}

function tooBig({ code }: InflateBound, cause?: unknown): WebSocketError {
  const message = code === "WS_INFLATE_RATIO" ? "more times its size on the wire" : "larger";
  return new WebSocketError(code, `a compressed message is ${message} than it may be`, { cause });
}

/** Whether `result` is what `info` makes of it, of which node's types know nothing. */
function isWithEngine(result: unknown): result is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  return typeof result === "object" && result !== null && "buffer" in result && "engine" in result;
}

function dictionaryOf({ bytes }: SlidingWindow): { readonly dictionary?: Uint8Array } {
  return bytes.length > 0 ? { dictionary: bytes } : {};
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/**
 * The size of a step for `expected` bytes: memory is paid for what comes, not for what may. And as much again as `window`
 * has: node keeps a copy of a dictionary until its zlib object is collected, and the collector, which does not see that copy,
 * comes in time for a step of its size. A busy process took 870 MB without it, and takes 250.
 */
function stepBytes(expected: number, window: SlidingWindow): number {
  return Math.min(expected + window.bytes.length + MinStepBytes, MaxStepBytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
