import type { Outcome } from "./outcome.ts";
import type { StreamState } from "./stream-state.ts";

/** A rule of RFC 9113: what frames on an accepted stream lead to. */
export interface StreamRule {
  readonly section: string;
  readonly title: string;
  readonly state: StreamState;
  /** What the client sends, in one piece. */
  readonly frames: readonly Uint8Array[];
  /** Any of these; the RFC sometimes leaves a choice. */
  readonly expected: readonly Outcome[];
}

export const nothing: Outcome = { type: "nothing" };
export const streamError = (code: number): Outcome => ({ type: "stream error", code });
export const connectionError = (code: number): Outcome => ({ type: "connection error", code });
export const resetBy = (code: number): Outcome => ({ type: "over", ending: { type: "reset", code } });
