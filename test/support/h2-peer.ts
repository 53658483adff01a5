import type { FarEnd, FarObserver } from "./far-end.ts";
import { Flag, FrameType, rawFrame, uint32, type RawH2Client } from "./raw-h2.ts";
import type { RelayPeer } from "./relay-endpoint.ts";

const FrameBytes = 16_384;
const DefaultWindowBytes = 65_535;
const InitialWindowSize = 4;
const Cancel = 8;
const ResetNames: Record<number, string> = { 0: "NO_ERROR", 1: "PROTOCOL_ERROR", 8: "CANCEL", 10: "CONNECT_ERROR" };

/** The far end of a stream, of which each frame is seen. It keeps to the windows it is given, and grants none beyond the first. */
export class H2Peer implements RelayPeer {
  readonly far: FarEnd;
  readonly #client: RawH2Client;
  readonly #streamId: number;
  readonly #unsent: Uint8Array[] = [];
  #observer: FarObserver | undefined;
  #framesSeen = 0;
  #sentBytes = 0;
  #resetSeen = "reset";
  readonly #halves = { ours: "open", peers: "open" };

  /** @param streamId - a stream that was answered. */
  constructor(client: RawH2Client, streamId: number) {
    this.#client = client;
    this.#streamId = streamId;
    const unsent = this.#unsent;
    this.far = {
      resetCode: Cancel,
      get unsentBytes() {
        return unsent.reduce((sum, { length }) => sum + length, 0);
      },
      observe: (observer) => this.#observe(observer),
      send: (bytes) => {
        for (let at = 0; at < bytes.length; at += FrameBytes) unsent.push(bytes.subarray(at, at + FrameBytes));
        this.#pump();
      },
      end: () => {
        this.#halves.ours = "ended";
        this.#pump();
        this.#closeWhenEnded();
      },
      reset: () => client.send(rawFrame(FrameType.RstStream, Flag.None, streamId, uint32(Cancel))),
      // Reading or not, it takes what its first window holds.
      stopReading: () => undefined,
      readOn: () => undefined,
    };
  }

  resetSeen(): string {
    return this.#resetSeen;
  }

  loseConnection(): void {
    this.#client.socket.destroy();
  }

  goAway(): void {
    this.#client.send(rawFrame(FrameType.GoAway, Flag.None, 0, Buffer.concat([uint32(0), uint32(0)])));
  }

  #observe(observer: FarObserver): void {
    this.#observer = observer;
    const { socket } = this.#client;
    // Behind the client's own listener, which has read the frames.
    socket.on("data", () => this.#look());
    socket.once("close", () => this.#close("reset"));
    this.#look();
  }

  #look(): void {
    const { frames } = this.#client;
    for (; this.#framesSeen < frames.length; this.#framesSeen++) {
      const { type, flags, streamId, payload } = frames[this.#framesSeen]!;
      if (streamId !== this.#streamId) continue;
      if (type === FrameType.Data) this.#onData(flags, payload);
      if (type === FrameType.RstStream) {
        this.#resetSeen = `reset ${ResetNames[payload.readUInt32BE()]}`;
        this.#close("reset");
      }
    }
    if (this.#unsent.length > 0) this.#pump();
  }

  #onData(flags: number, payload: Uint8Array): void {
    if (payload.length > 0) this.#observer?.onBytes(payload);
    if ((flags & Flag.EndStream) === 0) return;
    this.#halves.peers = "ended";
    this.#observer?.onEnd();
    this.#closeWhenEnded();
  }

  #pump(): void {
    const queue = this.#unsent;
    for (let next = queue[0]; next !== undefined && next.length <= this.#windowBytes(); next = queue[0]) {
      queue.shift();
      this.#sentBytes += next.length;
      this.#client.send(rawFrame(FrameType.Data, Flag.None, this.#streamId, next));
    }
    if (this.#halves.ours === "open" || queue.length > 0) return;
    this.#client.send(rawFrame(FrameType.Data, Flag.EndStream, this.#streamId));
  }

  #windowBytes(): number {
    const granted = (streamId: number): number => {
      const updates = this.#client.framesOf(FrameType.WindowUpdate, streamId);
      return updates.reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
    };
    const stream = this.#firstWindowBytes() + granted(this.#streamId);
    return Math.min(stream, DefaultWindowBytes + granted(0)) - this.#sentBytes;
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE as it came. */
  #firstWindowBytes(): number {
    for (const { payload } of this.#client.framesOf(FrameType.Settings)) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === InitialWindowSize) return payload.readUInt32BE(at + 2);
      }
    }
    return DefaultWindowBytes;
  }

  #closeWhenEnded(): void {
    if (this.#halves.ours === "ended" && this.#halves.peers === "ended") this.#close("ended");
  }

  #close(how: "ended" | "reset"): void {
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.onClose(how);
  }
}
