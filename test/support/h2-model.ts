import { once } from "node:events";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { acceptStream } from "./hawser-serving.ts";
import { Flag, FrameType, rawFrame, settingsFrame, uint32, type RawFrame } from "./raw-h2.ts";
import type { ServedConnection } from "./serving-engine.ts";
import { pattern } from "./stream-driver.ts";
import type { NearObserver } from "./stream-observers.ts";

const DefaultWindowBytes = 65_535;
const FrameBytes = 16_384;
const InitialWindowSize = 4;
const Cancel = 8;

/** One step of a session; `slot` picks a stream, where there is one. */
export type ModelStep =
  | { readonly type: "open" }
  | { readonly type: "write" | "send" | "update"; readonly slot: number; readonly bytes: number }
  | { readonly type: "padded"; readonly slot: number; readonly padding: number }
  | { readonly type: "end" | "send-end" | "abort" | "reset" | "pause" | "resume"; readonly slot: number }
  | { readonly type: "update-all" | "initial-window"; readonly bytes: number }
  | { readonly type: "ping" };

/** What the model knows of one stream. */
class ModelStream {
  readonly id: number;
  readonly stream: ByteStream;
  readonly observer: NearObserver;
  /** What the server may send on it, and what the client may. */
  sendWindow: number;
  receiveWindow: number;
  written = 0;
  received = 0;
  sent = 0;
  isServerEnded = false;
  isClientEnded = false;
  isCut = false;
  hasEnd = false;

  constructor(id: number, { stream, observer }: { stream: ByteStream; observer: NearObserver }, windows: number[]) {
    this.id = id;
    this.stream = stream;
    this.observer = observer;
    this.sendWindow = windows[0]!;
    this.receiveWindow = windows[1]!;
  }
}

/**
 * A client that keeps a model of RFC 9113 §5 and §6.9 beside the engine: what each window lets go, and what each stream has
 * been given. What the engine sends is held to it frame by frame; `faults` tells of what broke it.
 */
export class H2Model {
  readonly faults: string[] = [];
  readonly streams: ModelStream[] = [];
  readonly #served: ServedConnection;
  readonly #streamWindowBytes: number;
  #connectionWindow = DefaultWindowBytes;
  #receiveWindow = DefaultWindowBytes;
  #initialWindow = DefaultWindowBytes;
  /** Sent, and not acknowledged yet: what they say counts from the acknowledgement on. */
  readonly #settings: number[] = [];
  #framesSeen = 0;

  constructor(served: ServedConnection, streamWindowBytes: number) {
    this.#served = served;
    this.#streamWindowBytes = streamWindowBytes;
    // Behind the client's own listener, which has read the frames.
    served.client.socket.on("data", () => this.#look());
    this.#look();
  }

  async do(step: ModelStep): Promise<void> {
    const { client } = this.#served;
    if (step.type === "open") return this.#open();
    if (step.type === "ping") return client.roundTrip();
    if (step.type === "update-all") return this.#updateAll(step.bytes);
    if (step.type === "initial-window") return this.#setWindow(step.bytes);
    if (!("slot" in step)) return;
    const one = this.streams[step.slot % Math.max(1, this.streams.length)];
    if (one !== undefined && !one.isCut) this.#onStream(one, step);
  }

  /** Lets everything go that waits, and ends every stream both ways; what is lost or doubled is found here. */
  async finish(): Promise<void> {
    const { client, sink, connection } = this.#served;
    const alive = this.streams.filter(({ isCut }) => !isCut);
    this.#setWindow(2 ** 20);
    this.#updateAll(2 ** 24);
    for (const one of alive) {
      one.stream.resume();
      this.#onStream(one, { type: "update", slot: 0, bytes: 2 ** 20 });
      this.#onStream(one, { type: "end", slot: 0 });
      this.#onStream(one, { type: "send-end", slot: 0 });
    }
    await client.roundTrip();
    await sink.until("no stream", () => connection.openStreams === 0);
    for (const one of alive) await one.observer.until("onClose", () => one.observer.ending !== undefined);
    await client.roundTrip();
    for (const one of alive) this.#judgeWhole(one);
    this.faults.push(...this.streams.flatMap(({ observer }) => observer.breaches));
    // Of the connection's window at most a half is not granted yet.
    if (this.#receiveWindow * 2 < DefaultWindowBytes) this.faults.push(`credit was lost: ${this.#receiveWindow} left`);
  }

  async close(): Promise<void> {
    const { client, sink, closes } = this.#served;
    client.socket.destroy();
    if (!client.isClosed) await once(client.socket, "close");
    await sink.until("onClose", () => closes() === 1);
  }

  async #open(): Promise<void> {
    const id = 2 * this.streams.length + 1;
    // The window is known when HEADERS are handled, and SETTINGS before them are by then.
    const accepted = await acceptStream(this.#served, id);
    this.streams.push(new ModelStream(id, accepted, [this.#initialWindow, this.#streamWindowBytes]));
  }

  #onStream(one: ModelStream, step: ModelStep): void {
    const { client } = this.#served;
    switch (step.type) {
      case "write":
        if (one.isServerEnded) return;
        one.stream.write(pattern(step.bytes, one.written), 0, step.bytes, "kept");
        one.written += step.bytes;
        return;
      case "send":
        return this.#send(one, Math.min(step.bytes, one.receiveWindow, this.#receiveWindow), Flag.None);
      case "padded":
        if (Math.min(one.receiveWindow, this.#receiveWindow) <= step.padding) return;
        return this.#send(one, 0, Flag.Padded, step.padding);
      case "update":
        if (one.hasEnd || step.bytes === 0) return;
        one.sendWindow += step.bytes;
        return client.send(rawFrame(FrameType.WindowUpdate, 0, one.id, uint32(step.bytes)));
      case "end":
        one.isServerEnded = true;
        return one.stream.end();
      case "send-end":
        return this.#send(one, 0, Flag.EndStream);
      case "abort":
        // Whether the client's end is there already is not known here.
        one.isCut = true;
        return one.stream.abort("cancel");
      case "reset":
        if (one.hasEnd && one.isClientEnded) return;
        one.isCut = true;
        return client.send(rawFrame(FrameType.RstStream, 0, one.id, uint32(Cancel)));
      default:
        return step.type === "pause" ? one.stream.pause() : one.stream.resume();
    }
  }

  /** As many DATA frames as it takes, one at least where a flag is to be told. */
  #send(one: ModelStream, bytes: number, flags: number, padding = 0): void {
    if (one.isClientEnded || bytes < 0) return;
    const frames = Math.max(Math.ceil(bytes / FrameBytes), flags === Flag.None ? 0 : 1);
    for (let index = 0; index < frames; index++) {
      const length = Math.min(bytes - index * FrameBytes, FrameBytes);
      const data = pattern(length, one.sent);
      const padded = Buffer.concat([Buffer.from([padding]), data, Buffer.alloc(padding)]);
      const payload = flags === Flag.Padded ? padded : data;
      this.#served.client.send(rawFrame(FrameType.Data, flags, one.id, payload));
      one.sent += length;
      one.receiveWindow -= payload.length;
      this.#receiveWindow -= payload.length;
    }
    if (flags === Flag.EndStream) one.isClientEnded = true;
  }

  #updateAll(bytes: number): void {
    if (bytes === 0) return;
    this.#connectionWindow += bytes;
    this.#served.client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(bytes)));
  }

  #setWindow(bytes: number): void {
    this.#settings.push(bytes);
    this.#served.client.send(settingsFrame([[InitialWindowSize, bytes]]));
  }

  #look(): void {
    const { frames } = this.#served.client;
    for (; this.#framesSeen < frames.length; this.#framesSeen++) this.#onFrame(frames[this.#framesSeen]!);
  }

  #onFrame({ type, flags, streamId, payload }: RawFrame): void {
    const one = this.streams.find(({ id }) => id === streamId);
    if (type === FrameType.Settings && flags === Flag.Ack) this.#onAcknowledged();
    if (type === FrameType.GoAway) this.faults.push(`GOAWAY ${payload.readUInt32BE(4)}`);
    if (type === FrameType.WindowUpdate && streamId === 0) this.#receiveWindow += payload.readUInt32BE();
    if (one === undefined) return;
    if (type === FrameType.WindowUpdate) one.receiveWindow += payload.readUInt32BE();
    if (type === FrameType.RstStream && !one.isCut) this.faults.push(`RST_STREAM on ${streamId}`);
    if (type === FrameType.Data) this.#onData(one, flags, payload);
  }

  #onAcknowledged(): void {
    const bytes = this.#settings.shift();
    if (bytes === undefined) return;
    for (const one of this.streams) one.sendWindow += bytes - this.#initialWindow;
    this.#initialWindow = bytes;
  }

  #onData(one: ModelStream, flags: number, payload: Buffer): void {
    const name = `stream ${one.id}`;
    if (one.hasEnd) this.faults.push(`${name}: DATA behind its end`);
    one.sendWindow -= payload.length;
    this.#connectionWindow -= payload.length;
    if (payload.length > 0 && one.sendWindow < 0) this.faults.push(`${name}: more than its window`);
    if (this.#connectionWindow < 0) this.faults.push("more than the connection's window");
    if (payload.length > FrameBytes) this.faults.push(`${name}: a frame that is too long`);
    if (!payload.equals(pattern(payload.length, one.received))) this.faults.push(`${name}: other bytes`);
    one.received += payload.length;
    if ((flags & Flag.EndStream) !== 0) one.hasEnd = true;
  }

  #judgeWhole({ id, written, received, sent, observer, hasEnd }: ModelStream): void {
    const name = `stream ${id}`;
    if (written !== received) this.faults.push(`${name}: ${received} of ${written} bytes came`);
    if (observer.receivedBytes !== sent) this.faults.push(`${name}: ${observer.receivedBytes} of ${sent} were told`);
    if (!observer.received.equals(pattern(sent))) this.faults.push(`${name}: other bytes were told`);
    if (!hasEnd || observer.ends !== 1) this.faults.push(`${name}: no end`);
    if (observer.ending?.type !== "ended") this.faults.push(`${name}: ${JSON.stringify(observer.ending)}`);
  }
}
