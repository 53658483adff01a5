import { HpackDecoder } from "../../src/transport/h2/hpack-decoder.ts";
import { HpackEncoder } from "../../src/transport/h2/hpack-encoder.ts";
import { requestFields } from "./h2-session-requests.ts";
import type { HeaderForm, RequestName } from "./h2-session-steps.ts";
import { Flag, FrameType, headerBlock, rawFrame, uint32, type RawFrame, type RawH2Client } from "./raw-h2.ts";
import { pattern } from "./stream-driver.ts";

const PriorityFlag = 0x20;
const FrameBytes = 16_384;
const DefaultWindowBytes = 65_535;
/** Not each odd one, so that there are some that were passed over. */
const IdStep = 4;

const PlainForm: HeaderForm = { isCompressed: false, padding: 0, hasPriority: false, frames: 1 };

/** What the client knows of one stream. */
export interface ClientView {
  /** Field lists that came, each with `*` in front if it ended the stream. */
  readonly heads: readonly string[];
  readonly bytes: Buffer;
  /** How each side ended its half, if it did. */
  readonly end: string;
  readonly own: SessionStream["own"];
  readonly request: RequestName;
  readonly hasTrailers: boolean;
}

/** A piece of content that waits for the stream's window. */
interface Piece {
  readonly bytes: number;
  readonly padding: number;
  readonly isLast: boolean;
}

/** A stream that the client has opened. */
export class SessionStream {
  readonly id: number;
  readonly request: RequestName;
  readonly heads: string[] = [];
  readonly chunks: Buffer[] = [];
  end = "open";
  /** How the client has ended its own half, if it has. */
  own: "open" | "ended" | "reset" = "open";
  hasTrailers = false;
  /** What it may send, and what it has sent and will send. */
  window = DefaultWindowBytes;
  sentBytes = 0;
  readonly waiting: Piece[] = [];

  constructor(id: number, request: RequestName) {
    this.id = id;
    this.request = request;
  }

  get view(): ClientView {
    const { heads, chunks, end, own, request, hasTrailers } = this;
    return { heads: [...heads], bytes: Buffer.concat(chunks), end, own, request, hasTrailers };
  }
}

/**
 * The client of a session: keeps to the windows it is granted, and to what it has said itself, and writes down all that
 * comes. What it sends waits for {@link flush}, but for content that a window has held back.
 */
export class SessionClient {
  readonly raw: RawH2Client;
  readonly streams: SessionStream[] = [];
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();
  readonly #unsent: Buffer[] = [];
  /** Whether what was sent last may be cut within a frame. */
  isWithinFrame = false;
  /** Of content, padding among them. */
  sentBytes = 0;
  #window = DefaultWindowBytes;
  #framesSeen = 0;

  /** @param raw - behind its handshake, in which it has not limited the table of HPACK. */
  constructor(raw: RawH2Client) {
    this.raw = raw;
    raw.acknowledges = false;
    // Behind the client's own listener, which has read the frames.
    raw.socket.on("data", () => this.#look());
    this.#look();
  }

  /** The highest stream that was opened. */
  get lastId(): number {
    return this.streams.at(-1)?.id ?? 1 - IdStep;
  }

  /** The error that the server has ended the connection with, if it has. */
  get goAwayCode(): number | undefined {
    const codes = this.raw.framesOf(FrameType.GoAway).map(({ payload }) => payload.readUInt32BE(4));
    return codes.find((code) => code !== 0);
  }

  /** Frames that came, but for PINGs. */
  get frames(): number {
    return this.raw.frames.filter(({ type }) => type !== FrameType.Ping).length;
  }

  get isEnded(): boolean {
    return this.raw.isClosed || this.raw.socket.readableEnded;
  }

  /** The stream that `slot` picks among those for which `isMeant`. */
  pick(slot: number, isMeant: (stream: SessionStream) => boolean = () => true): SessionStream | undefined {
    const meant = this.streams.filter(isMeant);
    return meant[slot % Math.max(1, meant.length)];
  }

  open(request: RequestName, isLast: boolean, form: HeaderForm): void {
    const stream = new SessionStream(this.lastId + IdStep, request);
    if (isLast) stream.own = "ended";
    this.streams.push(stream);
    this.put(...this.headers(stream.id, requestFields(request), isLast, form));
  }

  /** HEADERS, and what CONTINUATIONs `form` asks for. */
  headers(
    streamId: number,
    fields: readonly (readonly [string, string])[],
    isLast: boolean,
    form: HeaderForm,
  ): Buffer[] {
    const block = form.isCompressed ? Buffer.from(this.#encoder.encode(fields.flat())) : headerBlock(fields);
    const bytesEach = Math.ceil(block.length / form.frames);
    const parts = Array.from({ length: form.frames }, (_, at) => block.subarray(at * bytesEach, (at + 1) * bytesEach));
    return parts.map((part, at) => {
      const flags = at === parts.length - 1 ? Flag.EndHeaders : 0;
      if (at > 0) return rawFrame(FrameType.Continuation, flags, streamId, part);
      const priority = form.hasPriority ? Buffer.from([0, 0, 0, 0, 15]) : Buffer.alloc(0);
      const isPadded = form.padding > 0;
      const payload = [...(isPadded ? [Buffer.from([form.padding])] : []), priority, part, Buffer.alloc(form.padding)];
      const more = (isLast ? Flag.EndStream : 0) | (isPadded ? Flag.Padded : 0) | (form.hasPriority ? PriorityFlag : 0);
      return rawFrame(FrameType.Headers, flags | more, streamId, Buffer.concat(payload));
    });
  }

  /** Sends content as far as windows let it go, and the rest when they do. */
  data(stream: SessionStream, piece: Piece): void {
    if (stream.own !== "open") return;
    if (piece.isLast) stream.own = "ended";
    stream.waiting.push(piece);
    this.put(...this.#framesFor(stream));
  }

  /** Ends content with trailers, if a window holds none of it back. */
  trailers(stream: SessionStream): void {
    if (stream.own !== "open" || stream.waiting.length > 0) return;
    stream.own = "ended";
    stream.hasTrailers = true;
    this.put(...this.headers(stream.id, [["x-trailer", "a"]], true, PlainForm));
  }

  reset(stream: SessionStream, code: number): void {
    if (stream.own === "reset") return;
    stream.own = "reset";
    stream.waiting.length = 0;
    this.put(rawFrame(FrameType.RstStream, Flag.None, stream.id, uint32(code)));
  }

  put(...frames: readonly Buffer[]): void {
    this.#unsent.push(...frames);
  }

  /** What was put together goes out, as one. */
  flush(): Buffer {
    return Buffer.concat(this.#unsent.splice(0));
  }

  #framesFor(stream: SessionStream): Buffer[] {
    const frames: Buffer[] = [];
    for (let piece = stream.waiting[0]; piece !== undefined; piece = stream.waiting[0]) {
      const overhead = piece.padding > 0 ? 1 + piece.padding : 0;
      const room = Math.min(stream.window, this.#window, FrameBytes) - overhead;
      if (room < Math.min(1, piece.bytes)) break;
      const length = Math.min(piece.bytes, room);
      const isWhole = length === piece.bytes;
      frames.push(this.#frameOf(stream, { ...piece, bytes: length, isLast: piece.isLast && isWhole }));
      stream.waiting.shift();
      if (!isWhole) stream.waiting.unshift({ ...piece, bytes: piece.bytes - length });
    }
    return frames;
  }

  #frameOf(stream: SessionStream, { bytes, padding, isLast }: Piece): Buffer {
    const data = pattern(bytes, stream.sentBytes);
    const payload = padding > 0 ? Buffer.concat([Buffer.from([padding]), data, Buffer.alloc(padding)]) : data;
    stream.sentBytes += bytes;
    stream.window -= payload.length;
    this.#window -= payload.length;
    this.sentBytes += payload.length;
    return rawFrame(
      FrameType.Data,
      (padding > 0 ? Flag.Padded : 0) | (isLast ? Flag.EndStream : 0),
      stream.id,
      payload,
    );
  }

  #look(): void {
    const { frames } = this.raw;
    let isWider = false;
    for (; this.#framesSeen < frames.length; this.#framesSeen++) {
      const frame = frames[this.#framesSeen]!;
      this.#onFrame(frame);
      isWider ||= frame.type === FrameType.WindowUpdate;
    }
    if (isWider) this.#answer(...this.streams.flatMap((stream) => this.#framesFor(stream)));
  }

  /** Sends at once what is not of the session's making, but never into the middle of a frame, or past what waits. */
  #answer(...frames: readonly Buffer[]): void {
    if (this.isWithinFrame || this.#unsent.length > 0) this.put(...frames);
    else if (frames.length > 0 && !this.raw.socket.destroyed) this.raw.send(...frames);
  }

  #onFrame({ type, flags, streamId, payload }: RawFrame): void {
    const asks = type === FrameType.Settings || type === FrameType.Ping;
    if (asks && (flags & Flag.Ack) === 0)
      this.#answer(rawFrame(type, Flag.Ack, 0, type === FrameType.Ping ? payload : Buffer.alloc(0)));
    if (type === FrameType.WindowUpdate && streamId === 0) this.#window += payload.readUInt32BE();
    const stream = this.streams.find(({ id }) => id === streamId);
    if (stream === undefined) return;
    const isContent = type === FrameType.Headers || type === FrameType.Data;
    if (stream.end !== "open" && isContent) stream.heads.push(`frame ${type} behind the end`);
    if (type === FrameType.WindowUpdate) stream.window += payload.readUInt32BE();
    if (type === FrameType.Headers) stream.heads.push(this.#fieldsIn(payload, flags));
    if (type === FrameType.Data) stream.chunks.push(payload);
    if (type === FrameType.RstStream) {
      stream.end += `, reset ${payload.readUInt32BE()}`;
      stream.waiting.length = 0;
    }
    if (isContent && (flags & Flag.EndStream) !== 0) stream.end = "ended";
  }

  #fieldsIn(block: Buffer, flags: number): string {
    const fields = this.#decoder.decode(block, { maxHeaderBytes: 65_536, maxHeaderCount: 100 }) ?? [];
    const lines = Array.from({ length: fields.length / 2 }, (_, at) => `${fields[2 * at]}: ${fields[2 * at + 1]}`);
    return `${flags & Flag.EndStream ? "*" : ""}${lines
      .filter((line) => !line.startsWith("date: "))
      .toSorted()
      .join("\n")}`;
  }
}
