import type { OriginPredicate } from "../protocol/handshake/access.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { ExtensionNegotiator } from "../protocol/message/extension.ts";
import type { ClientCertificateRule } from "../transport/client-certificate.ts";
import type { ConnectionLimits } from "../transport/connection-gate.ts";
import type { H2Options } from "../transport/h2-acceptor.ts";
import type { ListenerOptions } from "../transport/listener.ts";
import type { HttpExchange } from "../transport/opening.ts";
import type { AlpnProtocol } from "../transport/tls-server.ts";
import type { AcceptorDeadlines, HeaderLimits } from "../transport/transport-limits.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { WebSocketHandler } from "./handler.ts";
import type { Rate } from "./opening-rate.ts";
import type { Pem } from "./pem.ts";
import type { WebSocketRequest } from "./request.ts";
import type { Given } from "./with-defaults.ts";

/** What `authorize` says to an opening. Where `Data` may be `undefined`, `{ type: "accept" }` is enough of a yes. */
export type Authorization<Data> =
  AcceptedOpening<Data> | (undefined extends Data ? AcceptedWithoutData : never) | RejectedOpening;

/** The yes. */
export interface AcceptedOpening<Data> {
  readonly type: "accept";
  /** `data` of the connection's request. */
  readonly data: Data;
  /** One of those offered, in place of the one the server would choose. */
  readonly subprotocol?: string | undefined;
  /** Further field lines of the answer: name, value, name, value … */
  readonly fields?: FieldLines | undefined;
}

/** The yes that gives no data. */
export type AcceptedWithoutData = Omit<AcceptedOpening<undefined>, "data">;

/** The no: an ordinary HTTP response. */
export interface RejectedOpening {
  readonly type: "reject";
  /** 300–599: 401, 403, 404, 429 … */
  readonly status: number;
  /** The value of Retry-After; with 429 and 503 it is 5 where not given. */
  readonly retryAfterSeconds?: number | undefined;
  readonly fields?: FieldLines | undefined;
  /** One sentence of text where not given. */
  readonly body?: string | Uint8Array | undefined;
}

/**
 * Decides about an opening that the rules let through. What it throws is answered 500 and told to `onError`.
 *
 * @param options - `signal` aborts when nobody waits for the answer any more: the client left, its deadline passed, or the
 *   server closes.
 */
export type Authorize<Data> = (
  request: WebSocketRequest,
  options: { readonly signal: AbortSignal },
) => Authorization<Data> | Promise<Authorization<Data>>;

/** Chooses one of the subprotocols `offered`, or none. */
export type SubprotocolSelector = (offered: readonly string[], request: WebSocketRequest) => string | undefined;

/** Which openings may come, and what becomes of them. What its limits leave out is as in {@link ConnectionOptions}. */
export interface OpeningRules<Data = unknown> extends ConnectionOptions {
  /** Without one the connections wait for `for await` of the server. */
  readonly handler?: WebSocketHandler<Data> | undefined;
  /** Where absent, each opening is accepted, and `request.data` is `undefined`; so where `Data` may not be, it is needed. */
  readonly authorize?: Authorize<Data> | undefined;
  /**
   * Origins whose pages may open WebSockets besides those of the host asked for, such as `https://app.example.com` or
   * `https://*.example.com`; or all; or who decides. Who sends no Origin is no browser and may, if no predicate says no.
   * Otherwise 403. Default: none.
   */
  readonly origins?: readonly string[] | OriginPredicate | "any" | undefined;
  /** Hosts that may be asked for, such as `example.com` or `*.example.com`, or who decides; others are 421. Default: all. */
  readonly hosts?: readonly string[] | ((host: string) => boolean) | undefined;
  /** Subprotocols spoken, the preferred first, or who chooses. */
  readonly subprotocols?: readonly string[] | SubprotocolSelector | undefined;
  /** Whether an opening that no subprotocol is found for is refused with 400. */
  readonly subprotocolRequired?: boolean | undefined;
  /** The preferred first. */
  readonly extensions?: readonly ExtensionNegotiator[] | undefined;
  /** WebSockets, those being opened among them; one more is 503. Infinity: any number. */
  readonly maxConnections?: number | undefined;
}

/** Which openings an {@link Endpoint} takes: `/chat`, all below `/rooms/*`, or those a predicate picks. */
export type PathRule = string | ((request: WebSocketRequest) => boolean);

/** What those must have whose connections have data: they can come from `authorize` alone. */
export type NeedsAuthorize<Data> = undefined extends Data ? unknown : { readonly authorize: Authorize<Data> };

/**
 * Rules for some paths: what it leaves out is as the server has it, but `maxConnections`, which is its own. One whose `authorize`
 * gives other data than that of the server is made by {@link endpoint}.
 */
export interface Endpoint<Data = unknown> extends OpeningRules<Data> {
  /** Paths are compared without query, percent-encoding undone; one with dot segments is nobody's. */
  readonly path: PathRule;
}

/**
 * An endpoint whose connections have data of their own: the type of `request.data` in its handler is that of its `authorize`. A
 * server does not know it: its own `Data` is `unknown` then.
 */
export function endpoint<Data = unknown>(rules: Endpoint<Data> & NeedsAuthorize<Data>): Endpoint;
export function endpoint(rules: Endpoint): Endpoint {
  return rules;
}

/** A certificate of an own listener. */
export interface ServerTls {
  /** With its chain. */
  readonly certificate: Pem;
  readonly key: Pem;
  /** The server names it is presented for; `*.example.com` stands for one label. The first certificate is for all others. */
  readonly serverNames?: readonly string[] | undefined;
  /** Whether clients show one of theirs; absent: they are not asked. */
  readonly clientCertificates?: (Omit<ClientCertificateRule, "ca"> & { readonly ca: Pem }) | undefined;
}

/** {@link ServerRules}, with an `authorize` if the connections have data. */
export type WebSocketServerOptions<Data = unknown> = ServerRules<Data> & NeedsAuthorize<Data>;

/**
 * What a WebSocketServer is set to. What is left out or `undefined`, also of what is nested, has its default. Infinity may be given
 * where it says so, and for `tcp.maxConnections` and `tcp.maxConnectionsPerAddress`: then there is no limit.
 */
export interface ServerRules<Data = unknown> extends OpeningRules<Data> {
  /**
   * The first whose path fits takes an opening. What none takes is the server's own if it has a `handler` or there are no
   * endpoints, else 404.
   */
  readonly endpoints?: readonly Endpoint<NoInfer<Data>>[] | undefined;
  /** Field lines of each answer that accepts. */
  readonly fields?: FieldLines | undefined;
  /**
   * Answers ordinary HTTP requests of own listeners. Without it they are 426, 405, and on HTTP/2 400. Where it throws, or what it
   * returns rejects, the answer is 500, or cut off if it has begun; `onError` is told.
   */
  readonly onRequest?: ((exchange: HttpExchange) => void | Promise<void>) | undefined;
  /** Told what failed and belongs to no connection, and what a handler without `onError` threw. Default: a warning of the process, with its stack. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** WebSockets of one client address; more are 429. Infinity, the default: any number. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** WebSockets on one HTTP/2 connection; more are 429. Default: 256. Infinity: any number. */
  readonly maxConnectionsPerHttp2Connection?: number | undefined;
  /** How fast one client address may open WebSockets; faster is 429. Default: as fast as it likes. */
  readonly openingRate?: Rate | undefined;
  /** Connections that no handler takes and that wait for `for await`; one more is 503. Default: 128. Infinity: any number. */
  readonly maxBacklog?: number | undefined;
  readonly headers?: Given<HeaderLimits> | undefined;
  readonly deadlines?: Given<AcceptorDeadlines> | undefined;
  /** Connections of own listeners, those without a WebSocket among them. */
  readonly tcp?: Given<ConnectionLimits> | undefined;
  readonly http2?: Given<H2Options> | undefined;
  /** TLS of own listeners; absent: cleartext. */
  readonly tls?: ServerTls | readonly ServerTls[] | undefined;
  /** What own listeners speak, the preferred first. Default: `h2` and `http/1.1`. */
  readonly protocols?: readonly AlpnProtocol[] | undefined;
  /** Whose connections to own listeners begin with a PROXY header: on a unix socket everybody's. Absent: nobody's. */
  readonly proxyProtocol?: ListenerOptions["proxyProtocol"] | undefined;
}

/** What holds where {@link ServerRules} say nothing; sizes in bytes, times in milliseconds. */
export const DefaultServerOptions = {
  maxConnections: 32_768,
  maxConnectionsPerAddress: Infinity,
  maxConnectionsPerHttp2Connection: 256,
  maxBacklog: 128,
  headers: { maxHeaderBytes: 16_384, maxHeaderCount: 256 },
  deadlines: {
    handshakeMs: 10_000,
    headersMs: 10_000,
    answerMs: 30_000,
    responseMs: 120_000,
    bodyIdleMs: 60_000,
    idleConnectionMs: 300_000,
  },
  tcp: { maxConnections: 16_384, maxConnectionsPerAddress: Infinity, maxHandshakes: 16 },
  http2: {
    maxConcurrentStreams: 256,
    streamWindowBytes: 1_048_576,
    connectionWindowBytes: 16_777_216,
    resetBurst: 1_024,
    resetsPerSecond: 256,
    maxSessionMemoryMiB: 128,
    engine: "hawser",
  },
  protocols: ["h2", "http/1.1"],
  drainMs: 30_000,
} as const;
