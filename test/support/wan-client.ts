import { setTimeout } from "node:timers/promises";
import { hex } from "./bits.ts";
import { connectFields, Flag, FrameType, headersFrame, rawFrame, uint32, type RawH2Client } from "./raw-h2.ts";

/** SETTINGS_INITIAL_WINDOW_SIZE. */
export const InitialWindowSize = 4;

const Ask = hex("81 82 00000000 6869");
const Answer = hex("81 02 6869");

/** A message of a client that fills a DATA frame. */
const Message = Buffer.concat([hex("82 fe 3ff8 00000000"), Buffer.alloc(16_376)]);

/** The value of a setting, as the server has announced it. */
function settingOf(client: RawH2Client, setting: number): number | undefined {
  const [payload] = client.framesOf(FrameType.Settings).map((frame) => frame.payload);
  for (let at = 0; at < (payload?.length ?? 0); at += 6) {
    if (payload?.readUInt16BE(at) === setting) return payload.readUInt32BE(at + 2);
  }
  return undefined;
}

/** A client of several WebSockets on one connection: grants what came on those that are read, and sends without end on one if told to. */
export class WanClient {
  readonly client: RawH2Client;
  /** Streams whose bytes nobody takes. */
  readonly stopped = new Set<number>();
  readonly received = new Map<number, number>();
  #seen = 0;
  #bulkId: number | undefined;
  #sent = 0;
  #bulkWindow: number;
  #connectionWindow = 65_535;

  constructor(client: RawH2Client) {
    this.client = client;
    this.#bulkWindow = settingOf(client, InitialWindowSize) ?? 65_535;
    client.socket.on("data", () => void this.#look());
    client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(2 ** 30)));
  }

  async open(id: number, path: string): Promise<void> {
    this.client.send(headersFrame(id, connectFields(path)));
    const status = await this.client.status(id);
    if (status !== 200) throw new Error(`refused with ${status}`);
  }

  /** Sends on `id` as much as its windows let go, from now on. */
  upload(id: number): void {
    this.#bulkId = id;
    this.#pump();
  }

  /** How long an echo on `id` takes: the median of some, one behind the other. */
  async echoMs(id: number, count = 9): Promise<number> {
    const times: number[] = [];
    for (let echo = 0; echo < count; echo++) {
      const goal = (this.received.get(id) ?? 0) + Answer.length;
      const startMs = performance.now();
      this.client.send(rawFrame(FrameType.Data, Flag.None, id, Ask));
      await this.client.until("an echo", () => this.#look().get(id) === goal);
      times.push(performance.now() - startMs);
      await setTimeout(30);
    }
    return times.toSorted((one, other) => one - other)[Math.floor(count / 2)]!;
  }

  #pump(): void {
    while (this.#bulkId !== undefined && Math.min(this.#bulkWindow, this.#connectionWindow) > 0) {
      const start = this.#sent % Message.length;
      const bytes = Message.subarray(start, start + Math.min(this.#bulkWindow, this.#connectionWindow));
      this.client.send(rawFrame(FrameType.Data, Flag.None, this.#bulkId, bytes));
      this.#sent += bytes.length;
      this.#bulkWindow -= bytes.length;
      this.#connectionWindow -= bytes.length;
    }
  }

  #look(): ReadonlyMap<number, number> {
    const { frames } = this.client;
    for (const { type, streamId, payload } of frames.slice(this.#seen)) {
      if (type === FrameType.Data) this.#onData(streamId, payload.length);
      if (type !== FrameType.WindowUpdate) continue;
      if (streamId === 0) this.#connectionWindow += payload.readUInt32BE();
      if (streamId === this.#bulkId) this.#bulkWindow += payload.readUInt32BE();
    }
    this.#seen = frames.length;
    this.#pump();
    return this.received;
  }

  #onData(streamId: number, bytes: number): void {
    this.received.set(streamId, (this.received.get(streamId) ?? 0) + bytes);
    if (!this.stopped.has(streamId)) {
      this.client.send(rawFrame(FrameType.WindowUpdate, 0, streamId, uint32(bytes)));
    }
  }
}
