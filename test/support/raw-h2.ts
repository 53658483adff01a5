import { once } from "node:events";
import type { Socket } from "node:net";

/** Frame types and flags of RFC 9113 §6 that a test may want to write itself. */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;
export const Flag = { None: 0, EndStream: 1, Ack: 1, EndHeaders: 4, Padded: 8 } as const;
/** Those of RFC 9113 §7 that a rule of frames names. */
export const H2Code = {
  NoError: 0,
  ProtocolError: 1,
  FlowControlError: 3,
  StreamClosed: 5,
  FrameSizeError: 6,
  Cancel: 8,
  CompressionError: 9,
} as const;

/** A frame as it came. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export const Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const FrameHeaderBytes = 9;

/** One frame on the wire, as wrong as the test wants it. */
export function rawFrame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(FrameHeaderBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** A header block of literals that touch no table (RFC 7541 §6.2.2). */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, "latin1");
    return [...prefixedInteger(bytes.length), ...bytes];
  };
  return Buffer.from(fields.flatMap(([name, value]) => [0, ...text(name), ...text(value)]));
}

function prefixedInteger(value: number): number[] {
  if (value < 127) return [value];
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** The pseudo-fields of an opening. */
export function connectFields(path = "/", scheme = "http"): [string, string][] {
  return [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", scheme],
    [":authority", "example.com"],
    [":path", path],
  ];
}

/** A whole HEADERS frame. */
export function headersFrame(
  streamId: number,
  fields: readonly (readonly [string, string])[],
  { endStream = false } = {},
): Buffer {
  const flags = Flag.EndHeaders | (endStream ? Flag.EndStream : Flag.None);
  return rawFrame(FrameType.Headers, flags, streamId, headerBlock(fields));
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return rawFrame(FrameType.Settings, Flag.None, 0, payload);
}

/** 32 bits each. */
export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * index);
  return bytes;
}

/** Digits in the Huffman code of RFC 7541 Appendix B. */
const HuffmanDigits = ["00000", "00001", "00010", "011001", "011010", "011011", "011100", "011101", "011110", "011111"];
const HeaderTableSize = 1;
const StaticStatus = [200, 204, 206, 304, 400, 404, 500];

/** The `:status` at the beginning of a response's header block, as nghttp2 writes it without a dynamic table. */
function statusOf(block: Buffer): number {
  const start = block.findIndex((byte) => byte >> 5 !== 0b001); // behind an update of the table's size
  const first = block[start] ?? 0;
  if (first >= 0x88 && first <= 0x8e) return StaticStatus[first - 0x88] ?? 0;
  const length = block[start + 1] ?? 0;
  const value = block.subarray(start + 2, start + 2 + (length & 0x7f));
  if ((length & 0x80) === 0) return Number(value.toString());
  let bits = [...value].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let digits = "";
  while (digits.length < 3) {
    const digit = HuffmanDigits.findIndex((code) => bits.startsWith(code));
    if (digit < 0) throw new Error("no digit");
    bits = bits.slice(HuffmanDigits[digit]!.length);
    digits += digit;
  }
  return Number(digits);
}

/**
 * An HTTP/2 client that does what node:http2 cannot be made to do: it sends the frames it is told to. It acknowledges
 * SETTINGS and PINGs unless it is told not to, and keeps every frame that came.
 */
export class RawH2Client {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  isClosed = false;
  /** Whether it acknowledges SETTINGS and PINGs by itself. */
  acknowledges = true;
  #buffer = Buffer.alloc(0);
  #onChange: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("end", () => this.#onChange?.());
    socket.once("close", () => {
      this.isClosed = true;
      this.#onChange?.();
    });
  }

  /** Sends preface and SETTINGS, and waits for the server's acknowledgement. */
  async handshake(settings: Parameters<typeof settingsFrame>[0] = []): Promise<this> {
    this.socket.write(Buffer.concat([Preface, settingsFrame([[HeaderTableSize, 0], ...settings])]));
    await this.until("SETTINGS ACK", () => this.framesOf(FrameType.Settings).some(({ flags }) => flags === Flag.Ack));
    return this;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  framesOf(type: number, streamId?: number): RawFrame[] {
    return this.frames.filter(
      (frame) => frame.type === type && (streamId === undefined || frame.streamId === streamId),
    );
  }

  /** The status that stream `streamId` was answered with. */
  async status(streamId: number): Promise<number> {
    await this.until(`HEADERS on ${streamId}`, () => this.framesOf(FrameType.Headers, streamId).length > 0);
    return statusOf(this.framesOf(FrameType.Headers, streamId)[0]!.payload);
  }

  /** The code of the RST_STREAM that comes on `streamId`. */
  async resetCode(streamId: number): Promise<number> {
    await this.until(`RST_STREAM on ${streamId}`, () => this.framesOf(FrameType.RstStream, streamId).length > 0);
    return this.framesOf(FrameType.RstStream, streamId)[0]!.payload.readUInt32BE();
  }

  async untilClosed(): Promise<void> {
    await this.until("close", () => this.isClosed);
  }

  /** Resolves once `holds`; rejects after 5 s. One waiter at a time. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`never came: ${what}`)), 5_000);
      this.#onChange = () => {
        if (!holds()) return;
        clearTimeout(deadline);
        this.#onChange = undefined;
        resolve();
      };
    });
  }

  /** A round trip: what was sent before has been handled when it resolves. */
  async roundTrip(): Promise<void> {
    const before = this.framesOf(FrameType.Ping).length;
    this.send(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8, 7)));
    await this.until("PING ACK", () =>
      this.framesOf(FrameType.Ping)
        .slice(before)
        .some(({ flags }) => flags === Flag.Ack),
    );
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.socket.destroy();
    await once(this.socket, "close");
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= FrameHeaderBytes) {
      const end = FrameHeaderBytes + this.#buffer.readUIntBE(0, 3);
      if (this.#buffer.length < end) break;
      const frame: RawFrame = {
        type: this.#buffer[3]!,
        flags: this.#buffer[4]!,
        streamId: this.#buffer.readUInt32BE(5),
        payload: this.#buffer.subarray(FrameHeaderBytes, end),
      };
      this.#buffer = this.#buffer.subarray(end);
      this.#take(frame);
    }
    this.#onChange?.();
  }

  #take(frame: RawFrame): void {
    this.frames.push(frame);
    if ((frame.flags & Flag.Ack) !== 0 || !this.acknowledges || this.socket.destroyed) return;
    if (frame.type === FrameType.Settings) this.send(rawFrame(FrameType.Settings, Flag.Ack, 0));
    if (frame.type === FrameType.Ping) this.send(rawFrame(FrameType.Ping, Flag.Ack, 0, frame.payload));
  }
}
