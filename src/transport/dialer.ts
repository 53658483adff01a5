import type { Offer } from "../protocol/handshake/negotiation.ts";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { checkUpgradeResponse, createUpgradeKey, encodeUpgradeRequest } from "../protocol/handshake/upgrade.ts";
import type { ByteStream } from "./byte-stream.ts";
import { Cancellation } from "./cancellation.ts";
import { DeadlineList, type Expiring, type RunningDeadline } from "./deadline-list.ts";
import { type AskedUpgrade, type AskResult, H1Asking } from "./h1-asking.ts";
import { Connecting, type ConnectResult, type DialTarget } from "./upstream-connecting.ts";

/** The opening handshake asked of an upstream. */
export interface DialRequest extends Offer {
  /** The `Host` field. */
  readonly authority: string;
  /** Path and query, begins with `/`. */
  readonly path: string;
  /** Further field lines; those the handshake writes itself or that would frame a body are left out. */
  readonly fields: FieldLines;
}

/** How long a dial may take, in milliseconds, and who may end it. */
export interface DialOptions {
  /** Until the TCP or unix connection stands, with its TLS. */
  readonly connectTimeoutMs: number;
  /** From there to the upstream's answer; what a refusal's body lacks then is left out. */
  readonly answerTimeoutMs: number;
  /** Told when the connection stands. */
  readonly onConnected?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** What became of a dial. `detail` is for the log: an error code or the broken rule, without anything the peer sent. */
export type DialResult =
  | { readonly type: "accepted"; readonly stream: ByteStream; readonly answer: OpeningAnswer }
  /** Any final status from 300 on; of its body the first 64 KiB. */
  | { readonly type: "refused"; readonly rejection: OpeningRejection }
  /** There is no connection, so the request was not sent: another address may be tried. */
  | { readonly type: "unreachable"; readonly detail: string }
  /** This machine had no descriptor, or no port of the source address, for a connection: the request was not sent. */
  | { readonly type: "exhausted"; readonly limit: "descriptors" | "ports"; readonly detail: string }
  /** Too slow. `asked` says whether the request was sent; if not, another address may be tried. */
  | { readonly type: "timeout"; readonly detail: string; readonly asked: boolean }
  /** The connection ended before an answer, or the answer is none that an upstream may give. */
  | { readonly type: "invalid"; readonly detail: string }
  | { readonly type: "aborted" };

/** What the system says when it is not the upstream that fails, but this machine that has run out of something. */
const ExhaustedCodes: Readonly<Record<string, "descriptors" | "ports">> = {
  EMFILE: "descriptors",
  ENFILE: "descriptors",
  ENOBUFS: "descriptors",
  EADDRNOTAVAIL: "ports",
  EADDRINUSE: "ports",
  EAGAIN: "ports",
};

/**
 * Dials an upstream and asks for a WebSocket, with a key of its own (RFC 6455 §4.1). Whatever the result, except `accepted`,
 * no socket is left behind. Bytes that come right behind the 101 are the first of the stream.
 *
 * @throws TypeError for a request that cannot be written, RangeError for a port that is none. What peers do never throws.
 */
export async function dial(target: DialTarget, request: DialRequest, options: DialOptions): Promise<DialResult> {
  const { signal } = options;
  const cancellation = new Cancellation();
  const onAbort = (): void => cancellation.cancel();
  if (signal.aborted) cancellation.cancel();
  signal.addEventListener("abort", onAbort);
  try {
    return await new Dialer(options).dial(target, request, cancellation, options.onConnected);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Dials as {@link dial} does, with the same deadlines again and again. */
export class Dialer {
  readonly #connecting: DeadlineList;
  readonly #answering: DeadlineList;

  constructor({ connectTimeoutMs, answerTimeoutMs }: Pick<DialOptions, "connectTimeoutMs" | "answerTimeoutMs">) {
    this.#connecting = new DeadlineList(connectTimeoutMs);
    this.#answering = new DeadlineList(answerTimeoutMs);
  }

  /**
   * @param onConnected - told when the connection stands.
   * @throws as `dial` does.
   */
  dial(
    target: DialTarget,
    request: DialRequest,
    cancellation: Cancellation,
    onConnected?: () => void,
  ): Promise<DialResult> {
    return new Promise((resolve) => {
      const { subprotocols, extensions } = request;
      const key = createUpgradeKey();
      const head = encodeUpgradeRequest({ ...request, key });
      if (cancellation.isCancelled) return resolve({ type: "aborted" });
      const sent = { subprotocols, extensions, key };
      const asked: AskedUpgrade = { head, judge: (fields) => checkUpgradeResponse(fields, sent) };
      const deadlines = { connecting: this.#connecting, answering: this.#answering };
      return new Dialing({ target, asked, deadlines, cancellation, onConnected, resolve });
    });
  }
}

/** What a {@link Dialing} is made from. */
interface DialingOptions {
  readonly target: DialTarget;
  readonly asked: AskedUpgrade;
  readonly deadlines: { readonly connecting: DeadlineList; readonly answering: DeadlineList };
  readonly cancellation: Cancellation;
  readonly onConnected: (() => void) | undefined;
  readonly resolve: (result: DialResult) => void;
}

/** One dial: a {@link Connecting}, then an {@link H1Asking}, each within its deadline. */
class Dialing implements Expiring {
  readonly #options: DialingOptions;
  #step: Connecting | H1Asking;
  #deadline: RunningDeadline;

  constructor(options: DialingOptions) {
    const { target, deadlines, cancellation } = options;
    this.#options = options;
    this.#step = new Connecting(target, (result) => this.#onConnectResult(result));
    this.#deadline = deadlines.connecting.start(this);
    cancellation.onCancel = () => this.#step.abort();
  }

  expire(): void {
    this.#step.expire();
  }

  #onConnectResult(result: ConnectResult): void {
    if (result.type !== "connected") return this.#settle(dialResultOf(result));
    this.#deadline.clear();
    this.#options.onConnected?.();
    this.#deadline = this.#options.deadlines.answering.start(this);
    this.#step = new H1Asking(result, this.#options.asked, (asked) => this.#onAskResult(asked));
  }

  #onAskResult(result: AskResult): void {
    if (result.type === "lost") this.#settle({ type: "invalid", detail: result.detail });
    else if (result.type === "timeout") this.#settle({ type: "timeout", detail: "no answer in time", asked: true });
    else this.#settle(result);
  }

  #settle(result: DialResult): void {
    const { cancellation, resolve } = this.#options;
    this.#deadline.clear();
    cancellation.onCancel = undefined;
    resolve(result);
  }
}

/** What a dial is without a connection. */
export function dialResultOf(result: Exclude<ConnectResult, { type: "connected" }>): DialResult {
  switch (result.type) {
    case "failed": {
      const limit = exhaustedLimitOf(result.error);
      const detail = result.error.code ?? "unknown error";
      return limit === undefined ? { type: "unreachable", detail } : { type: "exhausted", limit, detail };
    }
    case "timeout":
      return { type: "timeout", detail: "no connection in time", asked: false };
    case "proxy-refused":
      return { type: "unreachable", detail: `the proxy refused with ${result.rejection.status}` };
    case "proxy-invalid":
      return { type: "unreachable", detail: `the proxy answered with ${result.detail}` };
    case "aborted":
      return result;
    default:
      return result satisfies never;
  }
}

/**
 * What this machine has run out of, if that is why `error` of a connecting came; else `undefined`. A host name's addresses
 * fail together, in one error: then this machine is at fault only if it is for each of them.
 */
export function exhaustedLimitOf(error: Error): "descriptors" | "ports" | undefined {
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const limits = parts.map((part) =>
    part instanceof Error && "code" in part ? ExhaustedCodes[String(part.code)] : undefined,
  );
  return limits.includes(undefined) ? undefined : limits[0];
}
