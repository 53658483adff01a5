import { checkConnectResponse, connectRequestFields } from "../protocol/handshake/extended-connect.ts";
import type { JudgedOffer } from "../protocol/handshake/negotiation.ts";
import type { OpeningAnswer } from "../protocol/handshake/opening-request.ts";
import { checkUpgradeResponse, createUpgradeKey, encodeUpgradeRequest } from "../protocol/handshake/upgrade.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { DialRequest } from "./dialer.ts";
import { type AskedUpgrade, type AskResult, H1Asking } from "./h1-asking.ts";
import type { H2AskResult, H2Client } from "./h2-client.ts";
import type { H2ClientPool, PoolWaiter } from "./h2-client-pool.ts";
import { sentServerName } from "./upstream-address.ts";
import { Connecting, type ConnectResult, type DialTarget, type StandingConnection } from "./upstream-connecting.ts";

/** What became of a client's dial. Only `accepted` leaves something behind. */
export type ClientDialResult =
  | {
      readonly type: "accepted";
      readonly stream: ByteStream;
      /** Its extensions are as the server wrote them: whoever has offered some judges them. */
      readonly answer: OpeningAnswer;
      readonly httpVersion: "1.1" | "2";
      /** The other end of the transport, which is a proxy where there is one. */
      readonly peer: ClientPeer;
    }
  | Exclude<AskResult, { type: "accepted" | "timeout" }>
  | Exclude<ConnectResult, StandingConnection | { type: "timeout" }>
  /** `asked`: whether the request was sent. */
  | { readonly type: "timeout"; readonly asked: boolean }
  /** The server has said, twice, that it has done nothing for it: another one may be asked. */
  | { readonly type: "unprocessed"; readonly error: Error | undefined }
  /** Too many wait for room on the HTTP/2 connections. */
  | { readonly type: "busy" }
  /** HTTP/2 alone was wanted, and the server does not take WebSockets over it. */
  | { readonly type: "http2-unavailable"; readonly error: Error | undefined };

/** Whom a client is connected to. */
export interface ClientPeer {
  /** IP address; empty on a unix socket. */
  readonly address: string;
  /** 0 on a unix socket. */
  readonly port: number;
  /** What was sent in the TLS handshake with the server. */
  readonly serverName: string | undefined;
}

/** A request of a client, and the scheme it is for. */
export interface ClientDialRequest extends DialRequest {
  readonly scheme: "http" | "https";
}

/** How long a dial of a client may take, in milliseconds, and who may end it. */
export interface ClientDialOptions {
  /** In all, or until the request is sent where `answerTimeoutMs` is for what comes behind. */
  readonly timeoutMs: number;
  readonly answerTimeoutMs?: number;
  /** Whether extensions in the answer must be among those offered; otherwise whoever dials judges them. */
  readonly judgesExtensions?: boolean;
  /** Told when there is a connection to ask on; once more where the server wants to be asked on another one. */
  readonly onConnected?: (() => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The ways to a server. */
export interface ClientWays {
  /** The one over HTTP/1.1. */
  readonly http1: DialTarget;
  /** The one over HTTP/2, where it is to be tried. */
  readonly http2: H2ClientPool | undefined;
  /** Whether HTTP/1.1 is to be tried where HTTP/2 is not to be had. */
  readonly mayFallBack: boolean;
}

/** What takes its time; it is told when that is over. */
interface Step {
  expire(): void;
  abort(): void;
}

/** The longest that a timer of Node can wait; more would fire at once. */
const MaxTimerMs = 2 ** 31 - 1;
const NoApplicationProtocol = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";

/**
 * One WebSocket that a client asks for:
 *
 *     waiting for a shared connection ──room──▶ asking on a stream ──┐
 *        │                    ▲───── unprocessed, once ────┘         ├──▶ settled
 *        └─no HTTP/2─▶ connecting ──▶ asking on the connection ──────┘
 *
 * One deadline and one signal are for all of it. `#settle` is the only way out.
 */
export class ClientDialing implements PoolWaiter {
  readonly #ways: ClientWays;
  readonly #request: ClientDialRequest;
  readonly #upgrade: AskedUpgrade;
  readonly #offer: JudgedOffer;
  readonly #options: ClientDialOptions;
  readonly #resolve: (result: ClientDialResult) => void;
  #step: Step | undefined;
  /** Whether the request was sent. */
  #isAsked = false;
  #hasTriedAgain = false;
  #deadline: NodeJS.Timeout | undefined;

  /**
   * @param resolve - called exactly once.
   * @throws TypeError for a request that cannot be written, RangeError for a port that is none.
   */
  constructor(
    ways: ClientWays,
    request: ClientDialRequest,
    options: ClientDialOptions,
    resolve: (result: ClientDialResult) => void,
  ) {
    this.#ways = ways;
    this.#request = request;
    const { subprotocols, extensions } = request;
    this.#offer = { subprotocols, extensions: options.judgesExtensions === true ? extensions : undefined };
    this.#upgrade = upgradeOf(request, this.#offer);
    // Over HTTP/2 it is written when there is a stream: who cannot write it is told now.
    connectRequestFields(request);
    this.#options = options;
    this.#resolve = resolve;
    this.#begin();
    // Where too many wait it is over by now.
    if (this.#step === undefined) return;
    this.#deadline ??= this.#within(options.timeoutMs);
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  onClient(client: H2Client): void {
    this.#onAsked();
    this.#step = client.ask(
      this.#request,
      (fields) => checkConnectResponse(fields, this.#offer),
      (result) => this.#onStreamResult(result, client),
    );
  }

  onHttp1(standing: StandingConnection | undefined): void {
    if (!this.#ways.mayFallBack) {
      standing?.socket.destroy();
      this.#settle({ type: "http2-unavailable", error: undefined });
    } else if (standing === undefined) this.#connect();
    else this.#askOn(standing);
  }

  onFailed(result: Exclude<ConnectResult, StandingConnection>): void {
    const isAlert = result.type === "failed" && result.error.code === NoApplicationProtocol;
    if (isAlert && !this.#ways.mayFallBack) this.#settle({ type: "http2-unavailable", error: result.error });
    else this.#settle(result);
  }

  onBusy(): void {
    this.#settle({ type: "busy" });
  }

  #begin(): void {
    const { http2 } = this.#ways;
    if (http2 === undefined) return this.#connect();
    const leave = (result: { readonly type: "timeout" | "aborted" }): void => {
      http2.leave(this);
      this.#settle(result);
    };
    this.#step = { expire: () => leave({ type: "timeout" }), abort: () => leave({ type: "aborted" }) };
    http2.enter(this);
  }

  #connect(): void {
    this.#step = new Connecting(this.#ways.http1, (result) => {
      if (result.type === "connected") this.#askOn(result);
      else this.#settle(result);
    });
  }

  #askOn(standing: StandingConnection): void {
    this.#onAsked();
    const peer = this.#peerOf(standing);
    this.#step = new H1Asking(standing, this.#upgrade, (result) => {
      this.#settle(result.type === "accepted" ? { ...result, httpVersion: "1.1", peer } : result);
    });
  }

  #onStreamResult(result: H2AskResult, client: H2Client): void {
    if (result.type === "accepted") {
      return this.#settle({ ...result, httpVersion: "2", peer: this.#peerOf(client.standing) });
    }
    if (result.type !== "unprocessed") return this.#settle(result);
    // Whatever it has against this stream, it would have against the next one on this connection.
    client.retire();
    if (this.#hasTriedAgain) return this.#settle(result);
    this.#hasTriedAgain = true;
    this.#isAsked = false;
    this.#restartDeadline(this.#options.timeoutMs);
    this.#begin();
  }

  #onAsked(): void {
    this.#isAsked = true;
    this.#options.onConnected?.();
    if (this.#options.answerTimeoutMs !== undefined) this.#restartDeadline(this.#options.answerTimeoutMs);
  }

  /** Where one deadline is for everything, it runs on. */
  #restartDeadline(timeoutMs: number): void {
    if (this.#options.answerTimeoutMs === undefined) return;
    clearTimeout(this.#deadline);
    this.#deadline = this.#within(timeoutMs);
  }

  #within(timeoutMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#step?.expire(), Math.min(timeoutMs, MaxTimerMs));
  }

  /** Asked while the connection stands: afterwards the system knows no address. */
  #peerOf({ connection }: StandingConnection): ClientPeer {
    const serverName = sentServerName(this.#ways.http1.address);
    return { address: connection.remoteAddress ?? "", port: connection.remotePort ?? 0, serverName };
  }

  readonly #onAbort = (): void => this.#step?.abort();

  #settle(result: Exclude<ClientDialResult, { type: "timeout" }> | { readonly type: "timeout" }): void {
    clearTimeout(this.#deadline);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#step = undefined;
    this.#resolve(result.type === "timeout" ? { type: "timeout", asked: this.#isAsked } : result);
  }
}

function upgradeOf(request: ClientDialRequest, offer: JudgedOffer): AskedUpgrade {
  const key = createUpgradeKey();
  return {
    head: encodeUpgradeRequest({ ...request, key }),
    judge: (fields) => checkUpgradeResponse(fields, { ...offer, key }),
  };
}
