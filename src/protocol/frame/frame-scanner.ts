import { headerLengthOf, MaxHeaderBytes, parsePayloadLength } from "./frame-header.ts";
import { maskWord } from "./mask.ts";

/**
 * Finds the frame headers in a flow of bytes, however it is cut, and leaves the payload to its caller: the relay's eye.
 * It allocates nothing per frame, and judges nothing but the length: the rest is `brokenRule`'s, which takes the scanner
 * itself as the header.
 *
 *     readHeader until headerComplete → skipPayload until payloadRemaining is 0 → readHeader …
 */
export class FrameScanner {
  /** The bytes of the last header, the first `headerLength` of them; rewritten by the next `readHeader`. */
  readonly headerBytes = new Uint8Array(MaxHeaderBytes);
  #held = 0;
  #headerComplete = false;
  #payloadLength = 0;
  #payloadRemaining = 0;

  /** Whether the last `readHeader` came to the end of a header. The fields below describe that header. */
  get headerComplete(): boolean {
    return this.#headerComplete;
  }

  get fin(): boolean {
    return (this.headerBytes[0]! & 0x80) !== 0;
  }

  /** The three reserved bits; RSV1 is 0b100. */
  get rsv(): number {
    return (this.headerBytes[0]! >> 4) & 0b111;
  }

  /** 0–15, reserved values included. */
  get opcode(): number {
    return this.headerBytes[0]! & 0x0f;
  }

  /** Whether the last 4 bytes of the header are a masking key. */
  get masked(): boolean {
    return (this.headerBytes[1]! & 0x80) !== 0;
  }

  /** The masking key as `maskWord` has it; 0, which changes nothing, where there is none. */
  get maskWord(): number {
    return this.masked ? maskWord(this.headerBytes, this.headerLength - 4) : 0;
  }

  /** Bytes of payload of the whole frame. */
  get payloadLength(): number {
    return this.#payloadLength;
  }

  /** Bytes of the complete header, 2–14. */
  get headerLength(): number {
    return headerLengthOf(this.headerBytes[1]!);
  }

  /** Bytes held of a header that is not complete yet, 0–13. */
  get partialLength(): number {
    return this.#headerComplete ? 0 : this.#held;
  }

  /** Bytes of the frame's payload that were not skipped yet. */
  get payloadRemaining(): number {
    return this.#payloadRemaining;
  }

  /** Whether the bytes so far end between two frames: the moment at which a frame of our own may go in. */
  get atFrameBoundary(): boolean {
    return this.#payloadRemaining === 0 && this.partialLength === 0;
  }

  /**
   * Takes header bytes from `bytes[offset, end)` and returns the offset behind what it took. Call it only while
   * `payloadRemaining` is 0. An incomplete header is kept here, so the caller need not keep its bytes.
   *
   * @throws WebSocketError `WS_LENGTH_INVALID`, `WS_LENGTH_NOT_MINIMAL` (close code 1002) or `WS_MESSAGE_TOO_BIG` (1009);
   *   the header then counts as never completed.
   */
  readHeader(bytes: Uint8Array, offset: number, end: number): number {
    if (this.#headerComplete) {
      this.#headerComplete = false;
      this.#held = 0;
    }
    if (this.#held === 0 && end - offset >= MaxHeaderBytes) return this.#readWhole(bytes, offset);
    const position = this.#take(bytes, offset, end, 2);
    if (this.#held < 2) return position;
    const headerLength = this.headerLength;
    const behind = this.#take(bytes, position, end, headerLength);
    if (this.#held === headerLength) this.#complete(this.headerBytes, 0);
    return behind;
  }

  /** Passes over at most `available` bytes of payload and returns how many they were. */
  skipPayload(available: number): number {
    const skipped = Math.min(available, this.#payloadRemaining);
    this.#payloadRemaining -= skipped;
    return skipped;
  }

  /** As nearly each header comes: certainly whole. Takes two thirds of the time that bytes held one by one would. */
  #readWhole(bytes: Uint8Array, offset: number): number {
    const { headerBytes } = this;
    const headerLength = headerLengthOf(bytes[offset + 1]!);
    headerBytes[0] = bytes[offset]!;
    headerBytes[1] = bytes[offset + 1]!;
    for (let index = 2; index < headerLength; index++) headerBytes[index] = bytes[offset + index]!;
    this.#held = headerLength;
    this.#complete(bytes, offset);
    return offset + headerLength;
  }

  /** Reads what the whole header at `offset` announces. */
  #complete(bytes: Uint8Array, offset: number): void {
    const payloadLength = parsePayloadLength(bytes, offset);
    this.#payloadLength = payloadLength;
    this.#payloadRemaining = payloadLength;
    this.#headerComplete = true;
  }

  /** From now on it stands where `other` does, within a frame or between two. */
  standLike(other: FrameScanner): void {
    this.headerBytes.set(other.headerBytes);
    this.#held = other.#held;
    this.#headerComplete = other.#headerComplete;
    this.#payloadLength = other.#payloadLength;
    this.#payloadRemaining = other.#payloadRemaining;
  }

  /** Copies until `count` bytes are held. */
  #take(bytes: Uint8Array, offset: number, end: number, count: number): number {
    let position = offset;
    while (this.#held < count && position < end) this.headerBytes[this.#held++] = bytes[position++]!;
    return position;
  }
}
