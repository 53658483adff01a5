import { createHash } from "node:crypto";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { deflateMessage } from "../../src/protocol/message/raw-deflate.ts";
import { SlidingWindow } from "../../src/protocol/message/sliding-window.ts";

/** What both ends are held to: a message of 1 MiB at most. */
export const Limits = { maxMessageBytes: 1_048_576, maxFrameBytes: undefined, maxFragments: undefined } as const;

/** permessage-deflate as hawser has it if it is not told otherwise, but that everything is compressed. */
export const Agreed = { level: 3, memLevel: 8, windowBits: 13, thresholdBytes: 0 } as const;

/** Bytes of a read of a socket. */
const ReadBytes = 65_536;

/** What one side of a row gives out: counted while it is timed, kept while it is checked. */
export class Tally {
  messages = 0;
  bytes = 0;
  readonly #kept: Buffer[] | undefined;

  /** @param keeps - whether what comes is kept, as a copy. */
  constructor(keeps: "counts" | "keeps") {
    this.#kept = keeps === "keeps" ? [] : undefined;
  }

  /** Takes what came out: a message, or a piece of the wire. */
  add(bytes: Uint8Array): void {
    this.messages++;
    this.bytes += bytes.length;
    this.#kept?.push(Buffer.from(bytes));
  }

  /** Takes a message that came out as a text, in ASCII. */
  addText(text: string): void {
    this.messages++;
    this.bytes += text.length;
    this.#kept?.push(Buffer.from(text));
  }

  /** All that was kept, in one piece. */
  get kept(): Buffer {
    return Buffer.concat(this.#kept ?? []);
  }
}

/** One way to do the work of a row. */
export interface Side {
  /** Whether `run` gives a promise. */
  readonly isAsync?: boolean;
  /** Sets everything back for the next `run`; not timed. */
  prepare?(): void;
  /** Does all of it once. */
  run(tally: Tally): void | Promise<void>;
}

const Words = "the quick brown fox jumps over a lazy dog price user name status true null value amount".split(" ");

/** `count` messages of `size` bytes that look like what people send, JSON in ASCII, each another. */
export function payloadsOf(size: number, count: number): readonly Buffer[] {
  let state = 1;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
  const word = (): string => Words[next(Words.length)] ?? "";
  return Array.from({ length: count }, () => {
    let text = "";
    while (text.length < size) {
      text += `{"id":${next(100_000)},"${word()}":"${word()} ${word()}","v":${next(1_000) / 10}},`;
    }
    return Buffer.from(text.slice(0, size));
  });
}

/** The masking key of frame `index`. */
function keyOf(index: number): Buffer {
  return createHash("sha256").update(String(index)).digest().subarray(0, 4);
}

/** The payloads as the frames of a client, each masked with a key of its own, in one piece. */
export function maskedWire(payloads: readonly Buffer[], opcode: Opcode = Opcode.Binary, rsv = 0): Buffer {
  return Buffer.concat(
    payloads.map((payload, index) =>
      encodeFrame({ fin: true, rsv, opcode, payload }, { maskKey: Buffer.from(keyOf(index)) }),
    ),
  );
}

/** The same, each compressed, be it smaller thereby or not. */
export function deflatedWire(payloads: readonly Buffer[]): Buffer {
  const window = new SlidingWindow(Agreed.windowBits);
  const deflated = payloads.map((payload) => {
    const bytes = Buffer.from(deflateMessage(payload, window, Agreed));
    window.push(payload);
    return bytes;
  });
  return maskedWire(deflated, Opcode.Binary, 0b100);
}

/** A wire as a socket gives it out, that a side may write to: `restore` makes it what it was. */
export class Reads {
  readonly #pristine: Buffer;
  readonly #wire: Buffer;
  readonly chunks: readonly Buffer[];

  constructor(wire: Buffer) {
    this.#pristine = wire;
    this.#wire = Buffer.from(wire);
    const count = Math.ceil(wire.length / ReadBytes);
    this.chunks = Array.from({ length: count }, (_, index) =>
      this.#wire.subarray(index * ReadBytes, (index + 1) * ReadBytes),
    );
  }

  restore(): void {
    this.#pristine.copy(this.#wire);
  }
}

/** Masked payloads as they lie in a read, behind their header, one after the other. */
export function maskedPayloads(payloads: readonly Buffer[]): { readonly bytes: Buffer; readonly key: Buffer }[] {
  return payloads.map((payload, index) => {
    const [key, bytes] = [Buffer.from(keyOf(index)), maskedWire([payload])];
    const start = bytes.length - payload.length;
    for (const [at, octet] of payload.entries()) bytes[start + at] = octet ^ (key[at & 3] ?? 0);
    return { bytes, key };
  });
}
