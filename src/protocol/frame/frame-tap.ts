import { parseFrameHeader } from "./frame-header.ts";
import type { FrameHeader } from "./frame-header.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { copyMasked, rotated } from "./mask.ts";
import { Opcode } from "./opcode.ts";

/** A frame that a {@link FrameTap} has seen. */
export interface SeenFrame extends Pick<FrameHeader, "fin" | "rsv" | "opcode" | "payloadLength"> {
  /** The first bytes of the payload, unmasked, where they were asked for. */
  readonly beginning: Uint8Array | undefined;
}

/** What is told of each frame, and how much of its payload. */
export interface FrameWatch {
  /** How many bytes of a text that is whole in one frame and not compressed are told with it; 0 for none. */
  readonly textBytes: number;
  readonly tell: (frame: SeenFrame) => void;
}

/**
 * Looks on at one direction of a WebSocket whose frames somebody else reads. It has the bytes beside them, so that they do not
 * know of it: a frame that breaks a rule is seen, too. What cannot be read any more is the end of what it sees.
 */
export class FrameTap {
  readonly #watch: FrameWatch;
  readonly #scanner = new FrameScanner();
  /** The text that is coming, as far as it is wanted. */
  #text: Uint8Array | undefined;
  #filled = 0;
  #key = 0;
  #isBlind = false;

  /** @param reader - who reads the frames; the next bytes to `take` are the next it has. The rest of a frame is not told. */
  constructor(reader: FrameScanner, watch: FrameWatch) {
    this.#watch = watch;
    this.#scanner.standLike(reader);
  }

  /** Sees `bytes[start, end)`, and keeps none of them. */
  take(bytes: Uint8Array, start: number, end: number): void {
    let offset = start;
    while (offset < end && !this.#isBlind) {
      const skipped = this.#scanner.skipPayload(end - offset);
      if (this.#text !== undefined) this.#collect(this.#text, bytes, offset, offset + skipped);
      offset += skipped;
      if (offset < end) offset = this.#readHeader(bytes, offset, end);
    }
  }

  /** Sees a whole frame that was put in between those of the sender. */
  see(frame: Uint8Array): void {
    const header = parseFrameHeader(frame);
    if (header !== undefined) this.#tell(header, undefined);
  }

  #readHeader(bytes: Uint8Array, offset: number, end: number): number {
    const scanner = this.#scanner;
    try {
      const position = scanner.readHeader(bytes, offset, end);
      if (scanner.headerComplete) this.#begin();
      return position;
    } catch {
      // A length that is none: its reader says so, and acts on it.
      this.#isBlind = true;
      return end;
    }
  }

  #begin(): void {
    const scanner = this.#scanner;
    const isText = scanner.opcode === Opcode.Text && scanner.fin && scanner.rsv === 0 && scanner.payloadLength > 0;
    if (!isText || this.#watch.textBytes === 0) return this.#tell(scanner, undefined);
    this.#text = new Uint8Array(Math.min(scanner.payloadLength, this.#watch.textBytes));
    this.#filled = 0;
    this.#key = scanner.maskWord;
  }

  #collect(text: Uint8Array, bytes: Uint8Array, start: number, end: number): void {
    const wanted = Math.min(end - start, text.length - this.#filled);
    copyMasked(bytes, start, start + wanted, text, this.#filled, rotated(this.#key, this.#filled));
    this.#filled += wanted;
    if (this.#filled < text.length) return;
    this.#text = undefined;
    this.#tell(this.#scanner, text);
  }

  #tell({ fin, rsv, opcode, payloadLength }: Omit<SeenFrame, "beginning">, beginning: Uint8Array | undefined): void {
    this.#watch.tell({ fin, rsv, opcode, payloadLength, beginning });
  }
}
