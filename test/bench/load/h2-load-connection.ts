import type { TLSSocket } from "node:tls";
import { FrameReader, type FrameConsumer } from "../../../src/transport/h2/frame-reader.ts";
import { frame, headersFrames, numberFrame, writeFrameHeader } from "../../../src/transport/h2/frame-writer.ts";
import {
  DefaultFrameBytes,
  DefaultWindowBytes,
  Flag,
  FrameHeaderBytes,
  FrameType,
  Preface,
  Setting,
} from "../../../src/transport/h2/h2-codes.ts";
import { HeaderBlocks, readUint31, readUint32, type HeaderBlock } from "../../../src/transport/h2/header-blocks.ts";
import { HpackEncoder } from "../../../src/transport/h2/hpack-encoder.ts";
import { ReceiveWindow } from "../../../src/transport/h2/receive-window.ts";
import { PeerSettings } from "../../../src/transport/h2/settings.ts";
import type { EchoLoad } from "./load.ts";
import { LoadOutput } from "./load-output.ts";
import type { LoadSocket } from "./load-socket.ts";
import type { Tally } from "./tally.ts";

/** As large as browsers have them. */
const StreamWindowBytes = 4_194_304;
const ConnectionWindowBytes = 67_108_864;
const AnswerLimits = { maxHeaderBytes: 65_536, maxHeaderCount: 256 };

/** One stream of the load. */
interface LoadStream {
  readonly id: number;
  readonly socket: LoadSocket;
  readonly receiveWindow: ReceiveWindow;
  sendWindow: number;
  isOpen: boolean;
}

/**
 * An HTTP/2 connection that opens WebSockets (RFC 8441) and does what a client must, with nothing checked that a sound gateway
 * does right: the load is to cost little. What it sends leaves once in a turn of the loop.
 */
export class H2LoadConnection implements FrameConsumer {
  readonly #socket: TLSSocket;
  readonly #tally: Tally;
  readonly #output: LoadOutput;
  readonly #blocks = new HeaderBlocks(AnswerLimits);
  readonly #encoder = new HpackEncoder();
  readonly #settings = new PeerSettings("server");
  readonly #receiveWindow = new ReceiveWindow(ConnectionWindowBytes);
  readonly #streams = new Map<number, LoadStream>();
  #sendWindow = DefaultWindowBytes;
  #nextId = 1;
  #dataStream: LoadStream | undefined;
  #dataFlags = 0;

  /** @param socket - on which HTTP/2 was agreed. */
  constructor(socket: TLSSocket, tally: Tally, records: EchoLoad["records"] = "full") {
    this.#socket = socket;
    this.#tally = tally;
    this.#output = new LoadOutput(socket, records);
    const reader = new FrameReader(this);
    socket.on("data", (chunk: Buffer) => {
      tally.nowMs = performance.now();
      reader.read(chunk);
    });
    for (const event of ["error", "end"]) socket.on(event, () => tally.fail("a connection was lost"));
    socket.write(Buffer.from(Preface, "latin1"));
    this.#output.send(frame(FrameType.Settings, Flag.None, 0, settings()));
    this.#grant(0, this.#receiveWindow.firstGrant);
  }

  /** Whether the gateway takes WebSockets, as its SETTINGS say. */
  get isReady(): boolean {
    return this.#settings.takesExtendedConnect;
  }

  /** Asks for a WebSocket at `path`. */
  open(path: string, socket: LoadSocket): void {
    const id = this.#nextId;
    this.#nextId += 2;
    const receiveWindow = new ReceiveWindow(StreamWindowBytes);
    const sendWindow = this.#settings.initialWindowBytes;
    this.#streams.set(id, { id, socket, receiveWindow, sendWindow, isOpen: false });
    this.#output.send(headersFrames(id, this.#encoder.encode(requestFields(path)), false));
  }

  /** Sends what the sockets have to send now. */
  pumpAll(): void {
    for (const stream of this.#streams.values()) this.#pump(stream);
  }

  destroy(): void {
    this.#socket.removeAllListeners("error").on("error", () => undefined);
    this.#socket.removeAllListeners("end").destroy();
  }

  onData(flags: number, streamId: number, length: number): boolean {
    this.#grant(0, this.#receiveWindow.take(length));
    this.#dataStream = this.#streams.get(streamId);
    if (this.#dataStream === undefined) return false;
    this.#dataFlags = flags;
    if (!(flags & Flag.EndStream)) this.#grant(streamId, this.#dataStream.receiveWindow.take(length));
    return true;
  }

  onDataBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#dataStream?.socket.receive(bytes, start, end);
  }

  onDataEnd(): void {
    const stream = this.#dataStream;
    if (stream === undefined) return;
    if (this.#dataFlags & Flag.EndStream) this.#onEnd(stream);
    else this.#pump(stream);
  }

  onFrameHeader(): boolean {
    return true;
  }

  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    switch (type) {
      case FrameType.Headers:
        return this.#onBlock(this.#blocks.begin(flags, streamId, payload));
      case FrameType.Continuation:
        return this.#onBlock(this.#blocks.continue(flags, payload));
      case FrameType.RstStream:
        return this.#onReset(streamId, readUint32(payload, 0));
      case FrameType.Settings:
        return this.#onSettings(flags, payload);
      case FrameType.Ping:
        if (!(flags & Flag.Ack)) this.#output.send(frame(FrameType.Ping, Flag.Ack, 0, payload));
        return;
      case FrameType.GoAway:
        return this.#tally.fail(`a connection was ended with ${readUint32(payload, 4)}`);
      case FrameType.WindowUpdate:
        return this.#onWindowUpdate(streamId, readUint31(payload, 0));
      default:
    }
  }

  #grant(streamId: number, bytes: number): void {
    if (bytes > 0) this.#output.send(numberFrame(FrameType.WindowUpdate, streamId, bytes));
  }

  #pump(stream: LoadStream): void {
    const { id, socket } = stream;
    for (;;) {
      const length = Math.min(socket.unsentBytes, DefaultFrameBytes, stream.sendWindow, this.#sendWindow);
      if (length <= 0) return;
      const at = this.#output.reserve(FrameHeaderBytes + length);
      const { block } = this.#output;
      socket.writeTo(block, writeFrameHeader(block, at, length, FrameType.Data, Flag.None, id), length);
      stream.sendWindow -= length;
      this.#sendWindow -= length;
    }
  }

  #onBlock(block: HeaderBlock | undefined): void {
    const stream = block && this.#streams.get(block.streamId);
    if (block === undefined || stream === undefined) return;
    const status = block.fields[block.fields.indexOf(":status") + 1];
    if (!stream.isOpen && status !== "200") return this.#tally.fail(`an opening was answered ${status}`);
    if (!stream.isOpen) {
      stream.isOpen = true;
      stream.socket.onOpen();
      this.#pump(stream);
    }
    if (block.endStream) this.#onEnd(stream);
  }

  #onEnd(stream: LoadStream): void {
    this.#streams.delete(stream.id);
    this.#output.send(frame(FrameType.Data, Flag.EndStream, stream.id, new Uint8Array(0)));
    stream.socket.onEnd();
  }

  #onReset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    if (!stream.isOpen) this.#tally.fail(`an opening was reset with ${code}`);
    stream.socket.onEnd();
  }

  #onSettings(flags: number, payload: Uint8Array): void {
    if (flags & Flag.Ack) return;
    const before = this.#settings.initialWindowBytes;
    this.#settings.apply(payload);
    this.#encoder.limitTable(this.#settings.headerTableBytes);
    for (const stream of this.#streams.values()) stream.sendWindow += this.#settings.initialWindowBytes - before;
    this.#output.send(frame(FrameType.Settings, Flag.Ack, 0, new Uint8Array(0)));
    this.pumpAll();
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    const stream = this.#streams.get(streamId);
    if (streamId === 0) this.#sendWindow += bytes;
    else if (stream !== undefined) stream.sendWindow += bytes;
    if (streamId === 0) this.pumpAll();
    else if (stream !== undefined) this.#pump(stream);
  }
}

function settings(): Uint8Array {
  const payload = Buffer.alloc(12);
  payload.writeUInt16BE(Setting.EnablePush, 0);
  payload.writeUInt16BE(Setting.InitialWindowSize, 6);
  payload.writeUInt32BE(StreamWindowBytes, 8);
  return payload;
}

/** About what a browser sends. */
function requestFields(path: string): readonly string[] {
  return [
    ...[":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", path, ":authority", "localhost"],
    ...["sec-websocket-version", "13", "origin", "https://localhost"],
    ...["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"],
    ...["accept-language", "en-US,en;q=0.9", "cache-control", "no-cache", "pragma", "no-cache"],
  ];
}
