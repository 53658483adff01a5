import { DefaultFrameBytes, ErrorCode, Flag, FrameHeaderBytes, FrameType, H2ConnectionError } from "./h2-codes.ts";

/** What a {@link FrameReader} tells, in the order of the wire. Methods may throw {@link H2ConnectionError}. */
export interface FrameConsumer {
  /** A DATA frame begins; `length` is all of its payload, padding too. `false`: nothing of it is wanted. */
  onData(flags: number, streamId: number, length: number): boolean;
  /** The next octets of its data, without padding: a view that stays valid. */
  onDataBytes(bytes: Uint8Array, start: number, end: number): void;
  /** The data is whole. */
  onDataEnd(): void;
  /** A frame of another type begins. `false`: nothing of it is wanted. */
  onFrameHeader(type: number, flags: number, streamId: number, length: number): boolean;
  /** Its payload, a view that is valid during the call. */
  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void;
}

/**
 * Any chunks in, frames out (RFC 9113 §4.1). DATA is passed on as it comes, without a copy; of a frame of another type what
 * has come is kept until it is whole: 16 KiB at most, and nothing between two frames.
 */
export class FrameReader {
  readonly #consumer: FrameConsumer;
  /** The header under way, where it was cut. */
  readonly #header = new Uint8Array(FrameHeaderBytes);
  #headerBytes = 0;
  #state: "header" | "pad-length" | "data" | "padding" | "payload" | "skipped" = "header";
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Octets of the part under way that have not come. */
  #remaining = 0;
  #padding = 0;
  /** A payload that was cut: room for all of it, filled up to what has come. */
  #payload: Uint8Array | undefined;

  constructor(consumer: FrameConsumer) {
    this.#consumer = consumer;
  }

  /** Whether a frame has begun and not ended that is not DATA, as far as is known. */
  get isWithinControl(): boolean {
    return this.#state === "header" ? this.#headerBytes > 0 : this.#type !== FrameType.Data;
  }

  /**
   * Reads `chunk` to its end; nobody writes to it any more.
   *
   * @throws H2ConnectionError; the reader must not be used again.
   */
  read(chunk: Uint8Array): void {
    let position = 0;
    const end = chunk.length;
    while (position < end) {
      switch (this.#state) {
        case "header":
          position = this.#readHeader(chunk, position, end);
          break;
        case "pad-length":
          this.#setPadding(chunk[position++]!);
          break;
        case "payload":
          position = this.#readPayload(chunk, position, end);
          break;
        default:
          position = this.#readOn(chunk, position, end);
      }
    }
  }

  #readHeader(chunk: Uint8Array, position: number, end: number): number {
    if (this.#headerBytes === 0 && end - position >= FrameHeaderBytes) {
      this.#begin(chunk, position);
      return position + FrameHeaderBytes;
    }
    const taken = Math.min(FrameHeaderBytes - this.#headerBytes, end - position);
    this.#header.set(chunk.subarray(position, position + taken), this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === FrameHeaderBytes) {
      this.#headerBytes = 0;
      this.#begin(this.#header, 0);
    }
    return position + taken;
  }

  #begin(bytes: Uint8Array, at: number): void {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const streamId = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    if (length > DefaultFrameBytes) throw new H2ConnectionError(ErrorCode.FrameSizeError, "a frame that is too long");
    this.#type = bytes[at + 3]!;
    this.#flags = bytes[at + 4]!;
    this.#streamId = streamId;
    this.#remaining = length;
    this.#padding = 0;
    if (this.#type === FrameType.Data) this.#beginData(length);
    else this.#beginOther(length);
  }

  #beginData(length: number): void {
    const isWanted = this.#consumer.onData(this.#flags, this.#streamId, length);
    const isPadded = (this.#flags & Flag.Padded) !== 0;
    if (isPadded && length === 0) throw new H2ConnectionError(ErrorCode.FrameSizeError, "padding of no length");
    if (!isWanted) this.#skip();
    else if (isPadded) this.#state = "pad-length";
    else this.#beginPart("data");
  }

  #beginOther(length: number): void {
    const isWanted = this.#consumer.onFrameHeader(this.#type, this.#flags, this.#streamId, length);
    if (!isWanted) return this.#skip();
    this.#state = "payload";
    if (length === 0) this.#end(new Uint8Array(0));
  }

  #skip(): void {
    this.#state = this.#remaining > 0 ? "skipped" : "header";
  }

  #setPadding(padding: number): void {
    if (padding >= this.#remaining) throw new H2ConnectionError(ErrorCode.ProtocolError, "more padding than payload");
    this.#padding = padding;
    this.#remaining -= padding + 1;
    this.#beginPart("data");
  }

  /** Begins a part that may have no octets. */
  #beginPart(part: "data" | "padding"): void {
    this.#state = part;
    if (this.#remaining === 0) this.#endPart();
  }

  #endPart(): void {
    if (this.#state === "data") {
      this.#remaining = this.#padding;
      this.#state = this.#padding > 0 ? "padding" : "header";
      this.#consumer.onDataEnd();
    } else {
      this.#state = "header";
    }
  }

  /** Data, padding, or what nobody wants: octets that need not be whole. */
  #readOn(chunk: Uint8Array, position: number, end: number): number {
    const stop = Math.min(end, position + this.#remaining);
    this.#remaining -= stop - position;
    if (this.#state === "data") this.#consumer.onDataBytes(chunk, position, stop);
    if (this.#remaining === 0) this.#endPart();
    return stop;
  }

  #readPayload(chunk: Uint8Array, position: number, end: number): number {
    const stop = Math.min(end, position + this.#remaining);
    const part = chunk.subarray(position, stop);
    if (this.#payload === undefined && part.length === this.#remaining) {
      this.#end(part);
      return stop;
    }
    const payload = (this.#payload ??= new Uint8Array(this.#remaining));
    payload.set(part, payload.length - this.#remaining);
    this.#remaining -= part.length;
    if (this.#remaining === 0) this.#end(payload);
    return stop;
  }

  #end(payload: Uint8Array): void {
    this.#state = "header";
    this.#payload = undefined;
    this.#consumer.onFrame(this.#type, this.#flags, this.#streamId, payload);
  }
}
