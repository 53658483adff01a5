import { checkConnectResponse, connectRequestFields } from "../protocol/handshake/extended-connect.ts";
import type { OpeningAnswer } from "../protocol/handshake/opening-request.ts";
import { checkUpgradeResponse, createUpgradeKey, encodeUpgradeRequest } from "../protocol/handshake/upgrade.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { DialRequest } from "./dialer.ts";
import { type AskedUpgrade, type AskResult, H1Asking } from "./h1-asking.ts";
import type { H2AskResult } from "./h2-asking.ts";
import type { H2Client } from "./h2-client.ts";
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
  | Exclude<AskResult, { type: "accepted" }>
  | Exclude<ConnectResult, StandingConnection>
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

/** How long a dial of a client may take in all, in milliseconds, and who may end it. */
export interface ClientDialOptions {
  readonly timeoutMs: number;
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
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (result: ClientDialResult) => void;
  #step: Step | undefined;
  #hasTriedAgain = false;
  readonly #deadline: NodeJS.Timeout;

  /**
   * @param resolve - called exactly once.
   * @throws TypeError for a request that cannot be written, RangeError for a port that is none.
   */
  constructor(
    ways: ClientWays,
    request: ClientDialRequest,
    { timeoutMs, signal }: ClientDialOptions,
    resolve: (result: ClientDialResult) => void,
  ) {
    this.#ways = ways;
    this.#request = request;
    this.#upgrade = upgradeOf(request);
    // Over HTTP/2 it is written when there is a stream: who cannot write it is told now.
    connectRequestFields(request);
    this.#signal = signal;
    this.#resolve = resolve;
    this.#begin();
    this.#deadline = setTimeout(() => this.#step?.expire(), Math.min(timeoutMs, MaxTimerMs));
    signal?.addEventListener("abort", this.#onAbort);
  }

  onClient(client: H2Client): void {
    const { subprotocols } = this.#request;
    const sent = { subprotocols, extensions: undefined };
    this.#step = client.ask(
      this.#request,
      (fields) => checkConnectResponse(fields, sent),
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

  #begin(): void {
    const { http2 } = this.#ways;
    if (http2 === undefined) return this.#connect();
    const leave = (result: ClientDialResult): void => {
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
    if (this.#hasTriedAgain) {
      return this.#settle({ type: "lost", detail: "refused by the server, twice", error: result.error });
    }
    this.#hasTriedAgain = true;
    this.#begin();
  }

  /** Asked while the connection stands: afterwards the system knows no address. */
  #peerOf({ connection }: StandingConnection): ClientPeer {
    const serverName = sentServerName(this.#ways.http1.address);
    return { address: connection.remoteAddress ?? "", port: connection.remotePort ?? 0, serverName };
  }

  readonly #onAbort = (): void => this.#step?.abort();

  #settle(result: ClientDialResult): void {
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#step = undefined;
    this.#resolve(result);
  }
}

function upgradeOf(request: ClientDialRequest): AskedUpgrade {
  const key = createUpgradeKey();
  const sent = { subprotocols: request.subprotocols, extensions: undefined, key };
  return {
    head: encodeUpgradeRequest({ ...request, key }),
    judge: (fields) => checkUpgradeResponse(fields, sent),
  };
}
