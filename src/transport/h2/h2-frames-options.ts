import type { H2Observer } from "../h2-observer.ts";
import type { HeaderLimits } from "../transport-limits.ts";
import type { H2Output } from "./h2-output.ts";
import type { H2Requests } from "./h2-requests.ts";
import type { FramesLimits } from "./settings.ts";
import type { UnreadBytes } from "./unread-bytes.ts";

/** What `H2Frames` tells its connection. */
export interface FramesOwner {
  /** The peer's SETTINGS came. */
  onSettings(isFirst: boolean): void;
  /** A stream was opened, or is over. */
  onStreams(): void;
  /** The peer leaves, with an error or without; of our streams it has looked at none above `lastStreamId`. */
  onGoAway(code: number, lastStreamId: number): void;
  onPong(): void;
}

/** What `H2Frames` is made of. */
export interface H2FramesOptions {
  readonly http2: FramesLimits;
  /** The payload of the SETTINGS that it begins with. */
  readonly settings: Uint8Array;
  readonly headers: HeaderLimits;
  readonly output: H2Output;
  /** What all connections hold unread. */
  readonly unread: UnreadBytes;
  /** `undefined`: nobody watches. */
  readonly observer: H2Observer | undefined;
  /** Serves the streams that the peer opens; `undefined`: it is the server, and we open them. */
  readonly requests: H2Requests | undefined;
  readonly nowMs: () => number;
}
