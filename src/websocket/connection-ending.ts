import type { ErrorCode } from "../protocol/errors.ts";
import { type MessageLimit, messageLimitOf } from "../protocol/frame/message-meter.ts";

/** How a connection ended: by the first event that began its end, whatever followed. */
export interface ConnectionEnding {
  /** `gateway` is this side; the peer is the `client` of a server, and the `upstream` of a client. */
  readonly initiator: "client" | "upstream" | "gateway";
  /** The code of the Close that began it; 1005 for a Close without one, 1006 where there was no Close. */
  readonly code: number;
  readonly cause:
    | "close-frame"
    | "end-without-close"
    | "reset"
    | "connection-lost"
    | "rule-broken"
    /** A message was larger than it may be, more control frames came than may, or more was sent than the peer takes. */
    | "limit"
    | "stalled"
    /** Nothing came behind a Ping of ours. */
    | "pong-timeout"
    /** A `close()` whose Close could not even leave in time. */
    | "close-deadline"
    | DrainCause
    | "handler-error";
}

/** Why whoever runs a {@link WebSocketConnection} closes it, over the handler's head. */
export type DrainCause =
  "drain" | "route-changed" | "route-removed" | "listener-removed" | "idle" | "max-age" | "operator";

/** A limit or a deadline at which a connection ends. */
export type ConnectionLimit =
  MessageLimit | "control_frames" | "buffered_bytes" | "idle" | "age" | "write_stall" | "close_deadline";

const LimitOfCause: Partial<Record<ConnectionEnding["cause"], ConnectionLimit>> = {
  stalled: "write_stall",
  idle: "idle",
  "max-age": "age",
};

/** The limit that makes this side close for `cause`, or `undefined` where none does or it is not the only one. */
export function limitOfCause(cause: ConnectionEnding["cause"]): ConnectionLimit | undefined {
  return LimitOfCause[cause];
}

/** The limit that a peer went over which is failed with `code`, or `undefined` where that is of anything else. */
export function limitOfError(code: ErrorCode): ConnectionLimit | undefined {
  if (code === "WS_TOO_MANY_CONTROL_FRAMES") return "control_frames";
  return messageLimitOf(code);
}
