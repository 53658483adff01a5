import type { TakesPath } from "./attached-claims.ts";
import type { AcceptorSink } from "./opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/** What holds for openings on a server of somebody else, whose own limits and deadlines come first. */
export interface AttachedOptions {
  readonly headers: HeaderLimits;
  readonly deadlines: Pick<AcceptorDeadlines, "answerMs" | "idleConnectionMs">;
  /** Which openings are ours. */
  readonly takes: TakesPath;
  /** Numbers the connections, among those of whatever else counts them. */
  readonly nextConnectionId: () => number;
}

/** What the two HTTP versions share of an attached acceptor. */
export interface AttachedContext extends AttachedOptions {
  readonly sink: AcceptorSink;
  /** Whether new openings are refused now. */
  readonly isDraining: () => boolean;
}
