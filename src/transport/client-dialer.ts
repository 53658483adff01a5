import {
  ClientDialing,
  type ClientDialOptions,
  type ClientDialRequest,
  type ClientDialResult,
} from "./client-dialing.ts";
import { H2ClientPool, type H2PoolOptions } from "./h2-client-pool.ts";
import type { HttpProxy } from "./http-proxy.ts";
import type { StandingCounts } from "./standing-counts.ts";
import { trySecure, type UpstreamAddress } from "./upstream-address.ts";
import type { DialTarget } from "./upstream-connecting.ts";

/** Which HTTP versions a client speaks: `auto` is what the server prefers over TLS, and HTTP/1.1 without. */
export const ClientProtocols = ["auto", "h1", "h2"] as const;
export type ClientProtocol = (typeof ClientProtocols)[number];

/** A server and the way to it. */
export interface ClientServer {
  readonly address: UpstreamAddress;
  readonly proxy: HttpProxy | undefined;
  readonly protocol: ClientProtocol;
  /** IP address of this machine to connect from; absent: the system chooses. */
  readonly sourceAddress?: string | undefined;
  /** Counts the connections that stand. */
  readonly counts?: StandingCounts | undefined;
}

/** How long it is remembered that a server takes no WebSockets over HTTP/2, in milliseconds. */
const RememberedMs = 300_000;

/** Dials one server in one way, for all WebSockets to it: those over HTTP/2 share connections, which it owns. */
export class ClientDialer {
  readonly #http1: DialTarget;
  readonly #http2: H2ClientPool | undefined;
  readonly #mayFallBack: boolean;
  readonly #nowMs: () => number;
  #http1UntilMs = -Infinity;

  /** @throws Error of node:tls for a certificate or key that cannot be used. */
  constructor(server: ClientServer, options: H2PoolOptions, nowMs: () => number = () => performance.now()) {
    const { address, proxy, protocol, sourceAddress, counts } = server;
    const target = (protocols: readonly string[]): DialTarget => {
      return { address, secure: trySecure(address, protocols), sourceAddress, proxy, counts };
    };
    this.#mayFallBack = protocol === "auto";
    this.#nowMs = nowMs;
    this.#http1 = target(["http/1.1"]);
    const isHttp1 = protocol === "h1" || (protocol === "auto" && address.tls === undefined);
    if (isHttp1) return;
    const offered = target(protocol === "h2" ? ["h2"] : ["h2", "http/1.1"]);
    const known = address.tls === undefined ? { ...offered, isHttp2: true } : offered;
    this.#http2 = new H2ClientPool(known, options, () => {
      this.#http1UntilMs = this.#nowMs() + RememberedMs;
    });
  }

  /** Whether it has no connection of its own, so that it could be made anew. */
  get isUnused(): boolean {
    return this.#http2?.isUnused ?? true;
  }

  /**
   * Asks for a WebSocket. Whatever the result, except `accepted`, nothing is left of it.
   *
   * @throws TypeError for a request that cannot be written, RangeError for a port that is none. What peers do never throws.
   */
  async dial(request: ClientDialRequest, options: ClientDialOptions): Promise<ClientDialResult> {
    if (options.signal?.aborted) return { type: "aborted" };
    const isHttp1 = this.#mayFallBack && this.#nowMs() < this.#http1UntilMs;
    const ways = {
      http1: this.#http1,
      http2: isHttp1 ? undefined : this.#http2,
      mayFallBack: this.#mayFallBack,
    };
    return new Promise((resolve) => new ClientDialing(ways, request, options, resolve));
  }

  /** Its HTTP/2 connections end behind their last WebSockets, and so do those that it still makes. */
  retire(): void {
    this.#http2?.retire();
  }

  /** Ends its HTTP/2 connections now, with their WebSockets. */
  destroy(): void {
    this.#http2?.destroy();
  }
}
