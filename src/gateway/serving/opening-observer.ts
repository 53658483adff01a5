import type { Protocol } from "../telemetry/stream-registry.ts";
import type { UpstreamDialResult } from "./upstream-dialer.ts";

/** What an opening takes its time for, once it has been read. */
export type OpeningPhase = "admission" | "dial" | "answer";

/** One address of an upstream that was dialed for a WebSocket. */
export interface DialOutcome {
  readonly upstream: string;
  readonly result: UpstreamDialResult["type"];
  /** From its beginning to its result. */
  readonly seconds: number;
}

/** Told how openings get on. Must not throw. */
export interface OpeningObserver {
  phaseOver(phase: OpeningPhase, protocol: Protocol, seconds: number): void;
  dialOver(outcome: DialOutcome): void;
}
