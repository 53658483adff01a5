import type { Relay, RelayLimit } from "../../../src/gateway/serving/relay.ts";
import type { MessageLimits } from "../../../src/protocol/frame/message-meter.ts";
import type { Manner, RelayEndpoint } from "../../support/relay-endpoint.ts";

/** A relay between two endpoints, as a row of the table acts on it. */
export interface FailureBench {
  readonly client: RelayEndpoint;
  readonly upstream: RelayEndpoint;
  readonly relay: Relay;
  /** More than what is on its way before `write` says `false`. */
  readonly pipeBytes: number;
  /** Resolves once `holds` is true. */
  readonly until: (holds: () => boolean) => Promise<void>;
  /** Resolves when what was done has arrived everywhere, or could have. */
  readonly settled: () => Promise<void>;
  /** Lets `deadline` pass. */
  readonly pass: (deadline: Deadline) => Promise<void>;
}

export type Deadline = "closeMs" | "stallMs";

/**
 * One cell of the failure table. Both sides have exchanged a message before; what they see is a frame a line, then `end`,
 * or `reset` with the code where the leg has one. A `deaf` side's last line alone is compared.
 */
export interface FailureRow {
  readonly event: string;
  readonly at: string;
  /** Directions in which the sender has sent 4 bytes of 10 before. */
  readonly midFrame?: readonly ("toUpstream" | "toClient")[];
  /** `answers` where not given. */
  readonly client?: Manner;
  readonly upstream?: Manner;
  /** What only some legs have: GOAWAY, a connection that goes without a reset, chunks cut as they were written. */
  readonly needs?: "goaway" | "client-loss" | "upstream-loss" | "whole-chunks";
  readonly act: (bench: FailureBench) => void | Promise<void>;
  readonly clientSees: readonly string[];
  readonly upstreamSees: readonly string[];
  /** What messages are held to; to nothing, where not given. */
  readonly limits?: Partial<MessageLimits>;
  /** `close_deadline` where `closeMs` passes and nothing is given. */
  readonly limitsHit?: readonly RelayLimit[];
  /** Initiator, code, cause. */
  readonly counted: string;
  /** What passes until the relay has ended. */
  readonly after?: readonly Deadline[];
}
