import { CloseCode } from "../protocol/close-code.ts";
import { WebSocketError } from "../protocol/errors.ts";
import { singleFieldValue } from "../protocol/handshake/field-values.ts";
import type { Closing } from "../protocol/message/connection-machine.ts";
import { connect } from "./client.ts";
import { checkConnectOptions } from "./connect-option-check.ts";
import type { ConnectOptions } from "./connect-options.ts";
import type { HandledConnection } from "./handler.ts";
import { Callback, checkGroup, type OptionRules } from "./option-rules.ts";
import { MaxTimerMs, Milliseconds } from "./number-rules.ts";

/** How a WebSocket ended, or why it could not be opened. */
export type ReconnectReason =
  { readonly type: "closed"; readonly closing: Closing } | { readonly type: "failed"; readonly error: unknown };

/** How {@link reconnecting} goes on; times in milliseconds. */
export interface ReconnectOptions {
  /** The most that is waited before the first further attempt; doubled with each that fails. 500 where not given. */
  readonly minMs?: number | undefined;
  /** The most that doubling comes to, and the most of a server's `Retry-After` that is heeded. 30 s where not given. */
  readonly maxMs?: number | undefined;
  /** So long a WebSocket must have been open for the waiting to begin anew. 10 s where not given. */
  readonly stableMs?: number | undefined;
  /** Whether another attempt makes sense; {@link isWorthRetrying} where not given. */
  readonly shouldRetry?: ((reason: ReconnectReason) => boolean) | undefined;
  /** Told before each wait. */
  readonly onRetry?: ((reason: ReconnectReason, waitMs: number) => void) | undefined;
  /** 0 up to 1, where the wait lies below its most; `Math.random` where not given. */
  readonly random?: (() => number) | undefined;
  /** Opens it; {@link connect} where not given. */
  readonly connect?: ((url: string | URL, options: ConnectOptions) => Promise<HandledConnection>) | undefined;
}

const DefaultMinMs = 500;
const DefaultMaxMs = 30_000;

const OfReconnecting: OptionRules<ReconnectOptions> = {
  minMs: Milliseconds,
  maxMs: Milliseconds,
  stableMs: { ...Milliseconds, from: 0 },
  shouldRetry: Callback,
  onRetry: Callback,
  random: Callback,
  connect: Callback,
};

/** Statuses that another attempt may change although they are 4xx: too slow, too early, too many. */
const PassingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

/** Codes with which a server says that the client is at fault, which it will be again, or wants no more of it. */
const FinalCodes: ReadonlySet<number> = new Set([
  CloseCode.Normal,
  CloseCode.ProtocolError,
  CloseCode.UnsupportedData,
  CloseCode.InvalidPayload,
  CloseCode.PolicyViolation,
  CloseCode.MessageTooBig,
  CloseCode.MandatoryExtension,
]);

/** Failures of an opening that are no matter of time. */
const FinalErrors: ReadonlySet<string> = new Set([
  ...["WS_URL_INVALID", "WS_TLS_FAILED", "WS_HTTP2_UNAVAILABLE", "WS_REDIRECTED", "WS_NOT_OPEN"],
  ...["WS_EXTENSION_NOT_OFFERED", "WS_EXTENSION_UNACCEPTABLE", "WS_EXTENSION_MISSING"],
]);

/**
 * Whether time may mend it: not a 4xx but 408, 425 and 429, not what this side has to change, and not a Close with 1000, 1002,
 * 1003 or 1007–1010.
 */
export function isWorthRetrying(reason: ReconnectReason): boolean {
  if (reason.type === "closed") return !FinalCodes.has(reason.closing.code);
  const { error } = reason;
  if (!(error instanceof WebSocketError)) return false;
  const status = error.response?.status;
  if (status !== undefined && status >= 400 && status < 500) return PassingStatuses.has(status);
  return !FinalErrors.has(error.code);
}

/**
 * A WebSocket that comes back: gives one open connection after the other, the next one when the last has ended. Between them
 * it waits a random part of a time that doubles with each failure, so that clients of a server that has gone do not come
 * back all at once; `Retry-After` of a 429 or 503 is heeded.
 *
 * Leaving the loop closes the connection with 1000. The iteration ends where another attempt is not worth it: with the error
 * of an opening that failed, or in order behind a WebSocket that was closed. When `signal` aborts it throws its reason, and the
 * connection of that time is closed.
 *
 * @throws TypeError for options that are none, are of no use or cannot be written into a request, RangeError for a number that
 *   is not allowed and for `minMs` above `maxMs`, and WebSocketError as {@link connect}.
 */
export async function* reconnecting(
  url: string | URL,
  options: ConnectOptions & { readonly reconnect?: ReconnectOptions | undefined } = {},
): AsyncGenerator<HandledConnection, void, undefined> {
  checkConnectOptions(options, "reconnecting()");
  const { reconnect = {}, ...connectOptions } = options;
  checkReconnect(reconnect);
  const { stableMs = 10_000, shouldRetry = isWorthRetrying, onRetry, connect: open = connect } = reconnect;
  for (let failures = 0; ;) {
    const { reason, livedMs } = yield* oneConnection(() => open(url, connectOptions), options.signal);
    if (!shouldRetry(reason)) {
      if (reason.type === "failed") throw reason.error;
      return;
    }
    if (livedMs >= stableMs) failures = 0;
    const waitMs = waitOf(reason, failures++, reconnect);
    options.signal?.throwIfAborted();
    onRetry?.(reason, waitMs);
    await passed(waitMs, options.signal);
    options.signal?.throwIfAborted();
  }
}

function checkReconnect(reconnect: ReconnectOptions): void {
  checkGroup(reconnect, OfReconnecting, { of: "reconnecting()", owner: "reconnect." });
  const { minMs = DefaultMinMs, maxMs } = reconnect;
  const mostMs = maxMs ?? DefaultMaxMs;
  if (minMs <= mostMs) return;
  const most = maxMs === undefined ? `, which is ${mostMs} where not given` : `, which is ${mostMs}`;
  throw new RangeError(`reconnect.minMs is ${minMs}, more than reconnect.maxMs${most}`);
}

interface Outcome {
  readonly reason: ReconnectReason;
  readonly livedMs: number;
}

async function* oneConnection(
  open: () => Promise<HandledConnection>,
  signal: AbortSignal | undefined,
): AsyncGenerator<HandledConnection, Outcome, undefined> {
  let connection: HandledConnection;
  try {
    connection = await open();
  } catch (error) {
    signal?.throwIfAborted();
    return { reason: { type: "failed", error }, livedMs: 0 };
  }
  const openedAt = performance.now();
  // However late the next one is asked for.
  const outcome = connection.closed.then((closing): Outcome => {
    return { reason: { type: "closed", closing }, livedMs: performance.now() - openedAt };
  });
  const onAbort = (): void => void connection.close();
  signal?.addEventListener("abort", onAbort);
  try {
    yield connection;
    // Who wants the next one before this has ended gets it when this has.
    const ended = await outcome;
    signal?.throwIfAborted();
    return ended;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    void connection.close();
  }
}

/** Resolves after `timeMs`, or with `signal`. */
function passed(timeMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", settle);
      resolve();
    };
    const timer = setTimeout(settle, timeMs);
    signal?.addEventListener("abort", settle);
  });
}

/** A random part of what doubles with each failure, behind what the server asks for. */
function waitOf(reason: ReconnectReason, failures: number, options: ReconnectOptions): number {
  const { minMs = DefaultMinMs, maxMs = DefaultMaxMs, random = Math.random } = options;
  const mostMs = Math.min(maxMs, minMs * 2 ** failures);
  return Math.min(MaxTimerMs, Math.min(maxMs, retryAfterMs(reason)) + random() * mostMs);
}

/** What a refusal's Retry-After says, in seconds or as a date (RFC 9110 §10.2.3); 0 where it says nothing. */
function retryAfterMs(reason: ReconnectReason): number {
  const response =
    reason.type === "failed" && reason.error instanceof WebSocketError ? reason.error.response : undefined;
  const text = singleFieldValue(response?.fields ?? [], "retry-after") ?? "";
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Math.max(0, waitMs || 0);
}
