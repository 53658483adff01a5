import type { Socket } from "node:net";
import type { FrameReader } from "./frame-reader.ts";
import type { H2Frames } from "./h2-frames.ts";

/** How many times its time a peer with open streams may say nothing within a block: networks pause. */
const SilenceFactor = 6;

/** What a {@link BlockWatch} looks at. */
export interface WatchedReads {
  readonly socket: Pick<Socket, "bytesRead">;
  readonly reader: Pick<FrameReader, "isWithinControl">;
  readonly frames: Pick<H2Frames, "isWithinBlock" | "begunFrames" | "openStreams">;
}

/** The deadline of a header block, or of another frame than DATA, that does not come whole. */
export class BlockWatch {
  readonly #reads: WatchedReads;
  readonly #headersMs: number;
  readonly #onLate: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Which block it is for, by the count of frames, and for how long nothing of it has come. */
  #frames = 0;
  #bytes = 0;
  #silentTimes = 0;
  #isStopped = false;

  /**
   * @param headersMs - for one block.
   * @param onLate - told once at most.
   */
  constructor(reads: WatchedReads, headersMs: number, onLate: () => void) {
    this.#reads = reads;
    this.#headersMs = headersMs;
    this.#onLate = onLate;
  }

  /** Something was read. What came whole in one read needs no timer. */
  look(): void {
    const { frames, reader } = this.#reads;
    const isWithin = frames.isWithinBlock || reader.isWithinControl;
    const { begunFrames } = frames;
    if (isWithin && this.#timer !== undefined && begunFrames === this.#frames) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!isWithin || this.#isStopped) return;
    this.#frames = begunFrames;
    this.#silentTimes = 0;
    this.#await();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #await(): void {
    this.#bytes = this.#reads.socket.bytesRead;
    this.#timer = setTimeout(() => this.#onSlow(), this.#headersMs);
  }

  #onSlow(): void {
    const { socket, frames } = this.#reads;
    const isSilent = socket.bytesRead === this.#bytes;
    this.#silentTimes++;
    const isPatient = isSilent && frames.openStreams > 0 && this.#silentTimes < SilenceFactor;
    if (isPatient) this.#await();
    else this.#onLate();
  }
}
