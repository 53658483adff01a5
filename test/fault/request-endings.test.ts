import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import type { ExchangeClient } from "../support/exchange-client.ts";
import { HttpVersions, requestClient, requestOnce, answered, type HttpVersion } from "../support/gateway-requests.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { recordingUpstream, type SeenRequest } from "../support/recording-upstream.ts";

const MaxConnections = 8;
const Rounds = 10;
const Ok = "HTTP/1.1 200 OK\r\n";
const Hello = `${Ok}content-length: 5\r\n\r\nhello`;

/** How the upstream ends a request for each path. */
const Endings: Readonly<Record<string, (socket: Socket) => unknown>> = {
  "/answers": (socket) => socket.write(Hello),
  "/closes": (socket) => socket.end(`${Ok}connection: close\r\n\r\nhello`),
  "/resets": (socket) => socket.resetAndDestroy(),
  "/breaks-the-head": (socket) => socket.end("HTTP/1.1 200"),
  "/breaks-the-content": (socket) => socket.end(`${Ok}content-length: 9\r\n\r\nhello`),
  "/resets-the-content": (socket) => socket.write(`${Ok}\r\nhello`, () => socket.resetAndDestroy()),
  "/keeps-quiet": () => undefined,
  "/stops": (socket) => socket.write(`${Ok}content-length: 9\r\n\r\nhello`),
  "/events": (socket) => socket.write(`${Ok}content-type: text/event-stream\r\n\r\ndata: 1\n\n`),
  "/says-too-much": (socket) => socket.write(Hello + Hello),
};

type Client = "reads" | "leaves at once" | "leaves within the answer" | "leaves within its content";
const Clients: readonly Client[] = ["reads", "leaves at once", "leaves within the answer", "leaves within its content"];

async function start() {
  const sockets = new Set<Socket>();
  const upstream = await recordingUpstream((socket: Socket, { target }: SeenRequest) => {
    if (!sockets.has(socket)) socket.once("close", () => sockets.delete(socket));
    sockets.add(socket);
    Endings[target]?.(socket);
  });
  const limits = { maxConnections: MaxConnections, responseTimeoutMs: 200 };
  const config = (more = {}) => ({
    routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
    upstreams: { app: { addresses: [upstream.address.url], ...limits, ...more } },
    deadlines: { bodyIdleMs: 200, closeMs: 200 },
  });
  return { sockets, config, gateway: await startGatewayUnderTest(config()) };
}

/** One request, until it is over for its client. */
async function run(port: number, httpVersion: HttpVersion, path: string, who: Client): Promise<void> {
  const client = await requestClient(port, httpVersion);
  const hasContent = who === "leaves within its content";
  client.ask({ method: hasContent ? "POST" : "GET", path, hasContent });
  if (hasContent) client.send(Buffer.from("hi"));
  // Till then node:http has sent nothing.
  await new Promise((resolve) => setImmediate(resolve));
  if (who === "leaves within the answer" || (who === "reads" && path === "/events")) await begun(client);
  else if (who === "reads") await answered(client);
  client.leave();
}

/** Waits for a status, or for an end without one. */
async function begun({ answer }: ExchangeClient): Promise<void> {
  await vi.waitFor(() => expect(answer.status ?? answer.end).toBeDefined(), { timeout: 5_000, interval: 2 });
}

test.each(HttpVersions)("over HTTP/%s nothing is left of requests, however they end", async (httpVersion) => {
  const { sockets, config, gateway } = await start();
  for (let round = 0; round < Rounds; round++) {
    const requests = Object.keys(Endings).flatMap((path) =>
      Clients.map((who) => run(gateway.port, httpVersion, path, who)),
    );
    // A reload in the middle takes their upstream away: they finish on it all the same.
    if (round === Rounds / 2) await gateway.reload(config({ maxWaiting: 999 }));
    await Promise.all(requests);
  }
  // Every connection that may be is there for somebody, at once.
  const answers = Array.from({ length: MaxConnections * 4 }, () =>
    requestOnce(gateway.port, httpVersion, { path: "/answers" }),
  );
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, end: "whole" });
  expect(sockets.size).toBeLessThanOrEqual(MaxConnections);
  expect(await gateway.metric("hawser_http_requests_total", { result: "client_left" })).toBeGreaterThan(Rounds);
  await gateway.gateway.stop();
  await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: 5_000, interval: 2 });
});
