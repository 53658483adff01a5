import type { H2Options } from "../h2-acceptor.ts";
import { Budget } from "./budget.ts";
import { ErrorCode, H2ConnectionError } from "./h2-codes.ts";

/** Frames that are of no use to anybody, at once and per second: a browser in a hurry sends a tenth of it. */
const UselessFrames = { burst: 4_096, perSecond: 1_024 } as const;
/** A window update for so many bytes sent is of use, and so are two for each frame of them. */
const BytesPerUpdate = 512;
const UpdatesPerFrame = 2;
/** Control frames that may wait, in bytes: who makes more of them wait does not read. */
const MaxControlBytes = 1_048_576;

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
  readonly #sent: SentToPeer;
  /** Window updates that were earned, of all that was sent. */
  #earnedUpdates = 0;

  constructor({ resetBurst, resetsPerSecond }: H2Options, sent: SentToPeer, nowMs: () => number) {
    this.#resets = new Budget({ burst: resetBurst, perSecond: resetsPerSecond }, nowMs);
    this.#uselessFrames = new Budget(UselessFrames, nowMs);
    this.#sent = sent;
  }

  /** A stream ends before its time: what the peer makes us reset counts like what it resets itself. */
  countReset(): void {
    if (!this.#resets.take()) throw exceeded("too many resets");
  }

  /** A frame comes that nobody needs. */
  countUseless(): void {
    if (!this.#uselessFrames.take()) throw exceeded("too many idle frames");
  }

  /** A window update comes. What was sent since the last one pays for it. */
  countUpdate(): void {
    const earned = this.#sent.dataBytes / BytesPerUpdate + this.#sent.dataFrames * UpdatesPerFrame;
    this.#uselessFrames.earn(earned - this.#earnedUpdates);
    this.#earnedUpdates = earned;
    this.countUseless();
  }

  /** Any frame comes, and may ask for an answer. */
  checkAnswers(): void {
    if (this.#sent.controlBytes > MaxControlBytes) throw exceeded("answers that are not read");
  }
}

function exceeded(what: string): H2ConnectionError {
  return new H2ConnectionError(ErrorCode.EnhanceYourCalm, what);
}
