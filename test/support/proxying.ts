import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { onTestFinished } from "vitest";
import type { AddressConfig, HostField, UpstreamConfig } from "../../src/gateway/config/config.ts";
import { addressList } from "../../src/gateway/routing/address-list.ts";
import { Upstream } from "../../src/gateway/routing/upstream.ts";
import { proxyExchange } from "../../src/gateway/serving/http-proxy.ts";
import { HttpUpstream } from "../../src/gateway/serving/http-upstream.ts";
import { LiveStreams } from "../../src/gateway/serving/live-streams.ts";
import { RequestReport, type RequestContext } from "../../src/gateway/serving/request-report.ts";
import type { LimitKind } from "../../src/gateway/telemetry/limit-kind.ts";
import type { RequestOutcome } from "../../src/gateway/telemetry/request-metrics.ts";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { FakeExchange, type FakeRequest } from "./fake-exchange.ts";

/** A proxy to one upstream, its requests fakes. */
export interface ProxyUnderTest {
  readonly http: HttpUpstream;
  readonly context: RequestContext;
  readonly outcomes: readonly RequestOutcome[];
  readonly limits: readonly LimitKind[];
  /** Passes a request on. */
  ask(request?: FakeRequest, hostField?: HostField): FakeExchange;
  /** The same, and waits for the end of its answer. */
  answer(request?: FakeRequest, hostField?: HostField): Promise<FakeExchange>;
  /** Passes on whatever exchange. */
  pass(exchange: HttpExchange, hostField?: HostField): void;
}

/** A proxy to `addresses` with long deadlines, until the test is over. */
export function proxyTo(
  addresses: readonly AddressConfig[],
  { bodyIdleMs = 60_000, ...overrides }: Partial<UpstreamConfig> & { readonly bodyIdleMs?: number } = {},
): ProxyUnderTest {
  const config: UpstreamConfig = {
    name: "app",
    takesRequests: true,
    addresses,
    sourceAddresses: [],
    protocol: "auto",
    maxStreamsPerConnection: 1,
    connectTimeoutMs: 60_000,
    answerTimeoutMs: 60_000,
    responseTimeoutMs: 60_000,
    maxConnections: 64,
    maxWaiting: 64,
    command: undefined,
    ...overrides,
  };
  const http = new HttpUpstream(new Upstream(config), config);
  onTestFinished(() => http.destroy());
  const outcomes: RequestOutcome[] = [];
  const limits: LimitKind[] = [];
  const context: RequestContext = {
    live: new LiveStreams(),
    trustedProxies: addressList([]),
    deadlines: { bodyIdleMs },
    limitHit: (limit) => limits.push(limit),
  };
  const pass = (exchange: HttpExchange, hostField: HostField = { type: "keep" }): void => {
    const report = new RequestReport(exchange, { route: "site", upstream: "app" }, (outcome) => outcomes.push(outcome));
    proxyExchange(exchange, { name: "site", hostField, http }, report, context);
  };
  const ask = (request?: FakeRequest, hostField?: HostField): FakeExchange => {
    const exchange = new FakeExchange(request);
    pass(exchange, hostField);
    return exchange;
  };
  const answer = async (request?: FakeRequest, hostField?: HostField): Promise<FakeExchange> => {
    const exchange = ask(request, hostField);
    await exchange.over.promise;
    return exchange;
  };
  return { http, context, outcomes, limits, pass, ask, answer };
}

/** The address of a cleartext port on loopback. */
export function loopback(port: number): AddressConfig {
  const authority = `127.0.0.1:${port}`;
  return { url: `http://${authority}`, authority, transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined };
}

/** A server on node:http that answers with `listener`, until the test is over. */
export async function httpServer(listener: RequestListener): Promise<{ server: Server; address: AddressConfig }> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, address: await listening(server) };
}

/** Lets `server` listen on a free port of loopback. */
export async function listening(server: TcpServer): Promise<AddressConfig> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return loopback(port);
}

/** An address at which nobody listens. */
export async function deadAddress(): Promise<AddressConfig> {
  const server = createServer();
  const address = await listening(server);
  server.close();
  await once(server, "close");
  return address;
}
