import type { ConnectionAbuse } from "../connection-abuse.ts";
import { Budget } from "./budget.ts";
import { abuseError, FrameType } from "./h2-codes.ts";
import type { FramesLimits } from "./settings.ts";

/** Frames that are of no use to anybody, at once and per second: a browser in a hurry sends a tenth of it. */
const UselessFrames = { burst: 4_096, perSecond: 1_024 } as const;
/** What a DATA frame has in it at least: a WebSocket frame of a client has six bytes, its mask among them. */
const UsefulBytes = { client: 6, server: 1 } as const;
/** Smaller ones, at once and per second. */
const TinyFrames = { burst: 16_384, perSecond: 4_096 } as const;
/** A window update for so many bytes sent is of use, and so are two for each frame of them. */
const BytesPerUpdate = 512;
const UpdatesPerFrame = 2;
/** Control frames that may wait, in bytes: who makes more of them wait does not read. */
const MaxControlBytes = 1_048_576;

const AbuseOfType: Readonly<Record<number, ConnectionAbuse>> = {
  [FrameType.Priority]: "priority",
  [FrameType.PriorityUpdate]: "priority",
  [FrameType.Settings]: "settings",
  [FrameType.Ping]: "ping",
  [FrameType.WindowUpdate]: "window-update",
  [FrameType.Continuation]: "continuation",
};

/** What has been sent to a peer, and waits for it. */
export interface SentToPeer {
  readonly dataBytes: number;
  readonly dataFrames: number;
  readonly controlBytes: number;
}

/**
 * What one peer may cost. Whoever spends it loses its connection.
 *
 * Methods throw {@link H2ConnectionError}: ENHANCE_YOUR_CALM.
 */
export class PeerBudgets {
  readonly #resets: Budget;
  readonly #uselessFrames: Budget;
  readonly #tinyFrames: Budget;
  readonly #sent: SentToPeer;
  readonly #maxStalls: number;
  readonly #usefulBytes: number;
  /** Window updates that were earned, of all that was sent. */
  #earnedUpdates = 0;
  /** DATA frames that were worth it, and pay for one each that is not. */
  #usefulFrames = 0;
  /** Streams that were given up with something in them that no window let go, since this much was sent in all. */
  #stalls = 0;
  #stalledAtBytes = 0;

  constructor(
    { resetBurst, resetsPerSecond, maxConcurrentStreams }: FramesLimits,
    sent: SentToPeer,
    nowMs: () => number,
    peer: "client" | "server" = "client",
  ) {
    this.#resets = new Budget({ burst: resetBurst, perSecond: resetsPerSecond }, nowMs);
    this.#uselessFrames = new Budget(UselessFrames, nowMs);
    this.#tinyFrames = new Budget(TinyFrames, nowMs);
    this.#maxStalls = maxConcurrentStreams;
    this.#usefulBytes = UsefulBytes[peer];
    this.#sent = sent;
  }

  /** A stream ends before its time for `abuse`: what the peer makes us reset counts like what it resets itself. */
  countReset(abuse: ConnectionAbuse): void {
    if (!this.#resets.take()) throw abuseError(abuse);
  }

  /** A frame comes that nobody needs. */
  countUseless(type: number): void {
    if (!this.#uselessFrames.take()) throw abuseError(AbuseOfType[type] ?? "other-frames");
  }

  /** A DATA frame with `bytes` in it has come, which is not the last of its stream. */
  countData(bytes: number): void {
    if (bytes >= this.#usefulBytes) {
      this.#usefulFrames++;
      return;
    }
    if (bytes === 0 && !this.#uselessFrames.take()) throw abuseError("empty-data");
    this.#tinyFrames.earn(this.#usefulFrames);
    this.#usefulFrames = 0;
    if (!this.#tinyFrames.take()) throw abuseError("tiny-data");
  }

  /** A window update comes. What was sent since the last one pays for it. */
  countUpdate(): void {
    const earned = this.#sent.dataBytes / BytesPerUpdate + this.#sent.dataFrames * UpdatesPerFrame;
    this.#uselessFrames.earn(earned - this.#earnedUpdates);
    this.#earnedUpdates = earned;
    this.countUseless(FrameType.WindowUpdate);
  }

  /** Any frame comes, and may ask for an answer. */
  checkAnswers(): void {
    if (this.#sent.controlBytes > MaxControlBytes) throw abuseError("unread-answers");
  }

  /** A stream was given up with something in it that no window has let go. Throws nothing. */
  noteStall(): void {
    if (this.#sent.dataBytes !== this.#stalledAtBytes) this.#stalls = 0;
    this.#stalledAtBytes = this.#sent.dataBytes;
    this.#stalls++;
  }

  /** The peer asks for something: of more streams in a row than may be open at once it has taken nothing. */
  checkStalls(): void {
    if (this.#stalls > this.#maxStalls && this.#sent.dataBytes === this.#stalledAtBytes)
      throw abuseError("zero-window");
  }
}
