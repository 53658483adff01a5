import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import { testCertificate } from "../support/certificates.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectClient, type HttpVersion } from "../support/loopback-clients.ts";
import { h1Client } from "../support/opening-client.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const Ways: readonly { httpVersion: HttpVersion; protocol: "h1" | "h2"; engine: "node" | "hawser" }[] = [
  { httpVersion: "1.1", protocol: "h1", engine: "node" },
  ...H2EngineNames.map((engine) => ({ httpVersion: "2" as const, protocol: "h2" as const, engine })),
];

/** A handler that sends more than sockets take at once. */
const Flood = `export function onOpen(connection) {
  for (let sent = 0; sent < 500; sent++) void connection.send("x".repeat(20_000));
}`;

describe.each(Ways)(
  "a client over HTTP/$httpVersion ($engine) that reads nothing",
  ({ httpVersion, protocol, engine }) => {
    test.each(["relay", "handler"])("holds a %s back: time and bytes are told while it does", async (route) => {
      const backend = await startWsBackend();
      onTestFinished(() => backend.stop());
      const gateway = await startGatewayUnderTest(
        {
          http2: { engine },
          routes: [
            { name: "relay", path: "/relay", upstream: "backend" },
            { name: "handler", path: "/handler", handler: "./flood.mjs" },
          ],
          upstreams: { backend: { addresses: [backend.url] } },
        },
        { "flood.mjs": Flood },
      );
      const client = await connectClient(gateway.port, httpVersion);
      client.ask({ path: `/${route}` });
      await client.response();
      client.readNothing();
      // Over HTTP/2 with its window's 64 KiB; TCP takes some megabytes.
      backend.sockets[0]?.socket.send(Buffer.alloc(12 * 1024 * 1024));
      const labels = { route, protocol, direction: "to_client" };
      const heldSeconds = () => gateway.metric("hawser_backpressure_seconds_total", labels);
      await expect.poll(heldSeconds, { timeout: 5_000, interval: 20 }).toBeGreaterThan(0.05);
      expect(await gateway.metric("hawser_buffered_bytes", { direction: "to_client" })).toBeGreaterThan(0);
      const before = await heldSeconds();
      await expect.poll(heldSeconds).toBeGreaterThan(before);
      client.leave();
      await gateway.settles("hawser_streams_open", {}, 0);
      const last = await heldSeconds();
      expect(await heldSeconds()).toBe(last);
      expect(await gateway.metric("hawser_buffered_bytes")).toBe(0);
      expect(await gateway.metric("hawser_backpressure_seconds_total")).toBe(last);
    });
  },
);

test("a handler's own Ping is measured", async () => {
  const gateway = await startGatewayUnderTest(
    { routes: [{ name: "asking", path: "/", handler: "./asking.mjs" }] },
    { "asking.mjs": "export function onOpen(connection) { void connection.ping().then(() => connection.close()); }" },
  );
  const client = await connectClient(gateway.port, "1.1");
  client.ask({ path: "/" });
  await client.response();
  const ping = await client.received(10);
  expect(ping[0]).toBe(0x89);
  client.send(Buffer.concat([Buffer.from([0x8a, 0x88, 0, 0, 0, 0]), ping.subarray(2, 10)]));
  await client.received(12);
  expect(await gateway.metric("hawser_ping_rtt_seconds_count", { route: "asking", protocol: "h1" })).toBe(1);
});

test("the TLS handshake is a part of an opening, and the event loop's delay is on the page", async () => {
  const { certificate, key } = await testCertificate(["a.example.com"]);
  const tls = { certificates: [{ certificate: "a.pem", key: "a.key" }] };
  const gateway = await startGatewayUnderTest(
    { listeners: [{ name: "main", address: "127.0.0.1:0", tls }], routes: [{ path: "/", handler: "echo" }] },
    { "a.pem": certificate, "a.key": key },
  );
  const port = Number(/listening main https:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.log.join("\n"))?.[1]);
  const socket = connectTls({ host: "127.0.0.1", port, servername: "a.example.com", rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  const client = h1Client(socket);
  client.ask({ path: "/", authority: "a.example.com" });
  expect((await client.response()).status).toBe(101);
  const phase = (name: string) => gateway.metric("hawser_opening_phase_seconds_count", { phase: name, protocol: "h1" });
  expect([await phase("tls"), await phase("admission"), await phase("dial")]).toEqual([1, 1, 0]);
  expect(await gateway.metric("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
});

test.each([
  { accept: "application/openmetrics-text; version=1.0.0", type: "application/openmetrics-text", last: "# EOF\n" },
  { accept: "text/plain", type: "text/plain", last: "\n" },
])("a scrape that accepts $accept is answered in $type", async ({ accept, type, last }) => {
  const gateway = await startGatewayUnderTest({ routes: [{ path: "/", handler: "echo" }] });
  const answer = await fetch(`${gateway.admin}/metrics`, { headers: { accept } });
  expect(answer.headers.get("content-type")).toContain(type);
  const text = await answer.text();
  expect(text.endsWith(last)).toBe(true);
  expect(text.includes("# TYPE hawser_streams_opened counter")).toBe(type === "application/openmetrics-text");
});
