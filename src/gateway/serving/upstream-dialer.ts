import type { Cancellation } from "../../transport/cancellation.ts";
import { ClientDialer, type ClientProtocol } from "../../transport/client-dialer.ts";
import type { ClientDialResult } from "../../transport/client-dialing.ts";
import { Dialer, dialResultOf, type DialRequest, type DialResult } from "../../transport/dialer.ts";
import type { H2PoolOptions } from "../../transport/h2-client-pool.ts";
import type { OpenH2Client } from "../../transport/h2-client.ts";
import { KeepAliveMs } from "../../transport/transport-limits.ts";
import type { DialTarget } from "../../transport/upstream-connecting.ts";
import type { UpstreamConfig } from "../config/config.ts";
import type { Upstream } from "../routing/upstream.ts";

/** What became of a dial; `busy`: too many openings wait for room on the HTTP/2 connections to this address. */
export type UpstreamDialResult = DialResult | { readonly type: "busy" };

/** How long an HTTP/2 connection without a stream is kept: most servers would keep it longer, so it ends on our side. */
const IdleMs = 10_000;
/** How long nothing at all may come behind a PING, on a connection on which nothing has come for long. */
const PongMs = 15_000;

/** An upstream as WebSockets use it: dials its addresses over the HTTP version that each of them takes. */
export class UpstreamDialer {
  readonly #upstream: Upstream;
  readonly #protocol: ClientProtocol;
  readonly #dialer: Dialer;
  readonly #pool: H2PoolOptions;
  /** Where WebSockets share HTTP/2 connections, or may; others have a connection each. */
  readonly #shared = new Map<DialTarget, ClientDialer>();

  /** @param openClient - the engine that frames its HTTP/2 connections. */
  constructor(upstream: Upstream, config: UpstreamConfig, openClient: OpenH2Client) {
    this.#upstream = upstream;
    this.#protocol = config.protocol;
    this.#dialer = new Dialer(upstream.timeouts);
    this.#pool = {
      openClient,
      maxStreams: config.maxStreamsPerConnection,
      maxClients: config.maxConnections,
      maxWaiting: config.maxWaiting,
      connectMs: config.connectTimeoutMs,
      idleMs: IdleMs,
      pingIntervalMs: KeepAliveMs,
      pongMs: PongMs,
    };
  }

  /**
   * Asks for a WebSocket as `dial` of the transport does. Whatever the result, except `accepted`, nothing is left of it but
   * connections that others share.
   *
   * @param target - one of the upstream's.
   * @param onConnected - told when there is a connection to ask on, which may be one that others share.
   * @throws as `dial` does.
   */
  dial(
    target: DialTarget,
    request: DialRequest,
    cancellation: Cancellation,
    onConnected?: () => void,
  ): Promise<UpstreamDialResult> {
    const shared = this.#trySharedOf(target);
    if (shared === undefined) return this.#dialer.dial(target, request, cancellation, onConnected);
    const { connectTimeoutMs, answerTimeoutMs } = this.#upstream.timeouts;
    const scheme = target.address.tls === undefined ? "http" : "https";
    const options = {
      timeoutMs: connectTimeoutMs,
      answerTimeoutMs,
      judgesExtensions: true,
      signal: signalOf(cancellation),
      onConnected,
    };
    return shared.dial({ ...request, scheme }, options).then(upstreamResultOf);
  }

  /** Its HTTP/2 connections end behind their last streams, and so do those that it still makes. */
  retire(): void {
    for (const dialer of this.#shared.values()) dialer.retire();
  }

  /** Ends its HTTP/2 connections now, with their streams. */
  destroy(): void {
    for (const dialer of this.#shared.values()) dialer.destroy();
  }

  #trySharedOf(target: DialTarget): ClientDialer | undefined {
    // Without TLS nothing is agreed on: HTTP/2 is spoken where that is said.
    const mayShare = this.#protocol === "h2" || (this.#protocol === "auto" && target.secure !== undefined);
    if (!mayShare) return undefined;
    const known = this.#shared.get(target);
    if (known !== undefined) return known;
    const dialer = new ClientDialer({ ...target, proxy: undefined, protocol: this.#protocol }, this.#pool);
    this.#shared.set(target, dialer);
    return dialer;
  }
}

function signalOf(cancellation: Cancellation): AbortSignal {
  const controller = new AbortController();
  if (cancellation.isCancelled) controller.abort();
  cancellation.onCancel = () => controller.abort();
  return controller.signal;
}

function upstreamResultOf(result: ClientDialResult): UpstreamDialResult {
  switch (result.type) {
    case "accepted":
      return { type: "accepted", stream: result.stream, answer: result.answer };
    case "lost":
      return { type: "invalid", detail: result.detail };
    case "unprocessed":
      return { type: "unreachable", detail: "refused by the upstream, twice" };
    case "http2-unavailable":
      return { type: "unreachable", detail: "no WebSockets over HTTP/2" };
    case "timeout":
      return result.asked ? { ...result, detail: "no answer in time" } : dialResultOf(result);
    case "refused":
    case "invalid":
    case "busy":
      return result;
    default:
      return dialResultOf(result);
  }
}
