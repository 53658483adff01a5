import { abuseError, ErrorCode, Flag, H2ConnectionError } from "./h2-codes.ts";
import { HpackDecoder, HpackError, type FieldLimits } from "./hpack-decoder.ts";

/** A larger block is read for the table's sake, so that its request can be answered 431; up to this, or a multiple of the limit. */
const ReadBytes = 65_536;
const Slack = 4;
/** A block of that size fits into a few frames. */
const MaxContinuations = 64;
/** Stream dependency and weight. */
const PriorityBytes = 5;

/** A header block that has come whole. */
export interface HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  /** Whether its stream was said to depend on itself (RFC 9113 §5.3.1). */
  readonly dependsOnItself: boolean;
  readonly fields: readonly string[];
  /** Whether they were more than the limits allow, and `fields` has the first of them only. */
  readonly isCut: boolean;
}

interface OpenBlock extends Omit<HeaderBlock, "fields" | "isCut"> {
  readonly fragments: Uint8Array[];
  bytes: number;
  continuations: number;
}

/** Puts HEADERS and CONTINUATIONs together, and reads the block (RFC 9113 §4.3, §6.2, §6.10). */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  readonly #limits: FieldLimits;
  #open: OpenBlock | undefined;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /** The stream of a block that has begun and not ended: nothing but its CONTINUATION may come. */
  get openStreamId(): number | undefined {
    return this.#open?.streamId;
  }

  /**
   * Takes a HEADERS frame; returns the block if this was all of it.
   *
   * @throws H2ConnectionError
   */
  begin(flags: number, streamId: number, payload: Uint8Array): HeaderBlock | undefined {
    const isPadded = (flags & Flag.Padded) !== 0;
    const hasPriority = (flags & Flag.Priority) !== 0;
    const dependency = isPadded ? 1 : 0;
    const start = dependency + (hasPriority ? PriorityBytes : 0);
    const end = payload.length - (isPadded ? payload[0]! : 0);
    if (start > payload.length) throw new H2ConnectionError(ErrorCode.FrameSizeError, "HEADERS that are too short");
    if (start > end) throw new H2ConnectionError(ErrorCode.ProtocolError, "more padding than payload");
    this.#open = {
      streamId,
      endStream: (flags & Flag.EndStream) !== 0,
      dependsOnItself: hasPriority && isDependency(payload, dependency, streamId),
      fragments: [],
      bytes: 0,
      continuations: 0,
    };
    return this.#add(flags, payload.subarray(start, end));
  }

  /**
   * Takes a CONTINUATION of the open block.
   *
   * @throws H2ConnectionError
   */
  continue(flags: number, payload: Uint8Array): HeaderBlock | undefined {
    if (++this.#open!.continuations > MaxContinuations) {
      throw abuseError("continuation");
    }
    return this.#add(flags, payload);
  }

  #add(flags: number, fragment: Uint8Array): HeaderBlock | undefined {
    const open = this.#open!;
    open.bytes += fragment.length;
    if (open.bytes > Math.max(ReadBytes, Slack * this.#limits.maxHeaderBytes)) {
      throw abuseError("header-bytes");
    }
    if ((flags & Flag.EndHeaders) === 0) {
      // The view lies in a buffer of the reader's.
      if (fragment.length > 0) open.fragments.push(new Uint8Array(fragment));
      return undefined;
    }
    this.#open = undefined;
    const block = open.fragments.length === 0 ? fragment : Buffer.concat([...open.fragments, fragment]);
    const { streamId, endStream, dependsOnItself } = open;
    return { streamId, endStream, dependsOnItself, ...this.#decode(block) };
  }

  #decode(block: Uint8Array): Pick<HeaderBlock, "fields" | "isCut"> {
    try {
      const fields = this.#decoder.decode(block, this.#limits);
      return { fields: fields ?? this.#decoder.keptFields, isCut: fields === undefined };
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new H2ConnectionError(ErrorCode.CompressionError, error.message);
    }
  }
}

/** Whether the stream dependency at `offset` is `streamId`. */
export function isDependency(payload: Uint8Array, offset: number, streamId: number): boolean {
  return readUint31(payload, offset) === streamId;
}

/** The last 31 bits of the 32 at `offset`. */
export function readUint31(payload: Uint8Array, offset: number): number {
  return (readUint32(payload, offset) & 0x7fff_ffff) >>> 0;
}

/** The 32 bits at `offset`. */
export function readUint32(payload: Uint8Array, offset: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = payload.subarray(offset, offset + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
