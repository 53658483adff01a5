import { onTestFinished } from "vitest";
import { ClientDialer, type ClientProtocol } from "../../src/transport/client-dialer.ts";
import type { ClientDialOptions, ClientDialRequest, ClientDialResult } from "../../src/transport/client-dialing.ts";
import type { H2PoolOptions } from "../../src/transport/h2-client-pool.ts";
import type { HttpProxy } from "../../src/transport/http-proxy.ts";
import { hawserH2Clients } from "../../src/transport/hawser-h2-client.ts";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { OpenH2Client } from "../../src/transport/h2-client.ts";
import { openNodeH2Client } from "../../src/transport/node-h2-client.ts";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { NearObserver } from "./stream-observers.ts";

/** The engines that frame a client's HTTP/2, by name. */
export const ClientEngines: Readonly<Record<H2EngineName, OpenH2Client>> = {
  node: openNodeH2Client,
  hawser: hawserH2Clients(),
};

/** So long and so many that no test meets them by accident. */
const Kept: H2PoolOptions = {
  openClient: openNodeH2Client,
  maxStreams: Infinity,
  idleMs: 60_000,
  pingIntervalMs: Infinity,
  pongMs: 60_000,
  maxClients: 4,
  maxWaiting: Infinity,
  connectMs: Infinity,
};

/** A dialer of a client under test, and what it dials. */
export interface DialerUnderTest {
  readonly dialer: ClientDialer;
  dial(options?: Partial<ClientDialOptions & ClientDialRequest>): Promise<ClientDialResult>;
  /** The stream of a dial that must be accepted, started. */
  open(path?: string): Promise<OpenedStream>;
}

export interface OpenedStream {
  readonly httpVersion: string;
  readonly stream: Extract<ClientDialResult, { type: "accepted" }>["stream"];
  readonly observer: NearObserver;
  readonly result: Extract<ClientDialResult, { type: "accepted" }>;
}

/** A dialer for `address`, gone with its connections when the test is over. */
export function dialerFor(
  address: UpstreamAddress,
  protocol: ClientProtocol,
  {
    proxy,
    nowMs,
    ...kept
  }: Partial<H2PoolOptions> & { readonly proxy?: HttpProxy | undefined; readonly nowMs?: () => number } = {},
): DialerUnderTest {
  const dialer = new ClientDialer({ address, proxy, protocol }, { ...Kept, ...kept }, nowMs);
  onTestFinished(() => dialer.destroy());
  const scheme = address.tls === undefined ? "http" : "https";
  const dial: DialerUnderTest["dial"] = ({ timeoutMs = 60_000, answerTimeoutMs, signal, ...request } = {}) =>
    dialer.dial(
      { scheme, authority: "localhost", path: "/", subprotocols: [], extensions: "", fields: [], ...request },
      { timeoutMs, signal, ...(answerTimeoutMs !== undefined && { answerTimeoutMs }) },
    );
  return {
    dialer,
    dial,
    async open(path = "/") {
      const result = await dial({ path });
      if (result.type !== "accepted") throw new Error(`not accepted: ${JSON.stringify(result)}`);
      const { stream, httpVersion } = result;
      const observer = new NearObserver(stream);
      stream.start(observer);
      onTestFinished(() => stream.abort("cancel"));
      return { httpVersion, stream, observer, result };
    },
  };
}
