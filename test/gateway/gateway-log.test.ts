import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { hex, joined } from "../support/bits.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import type { OpeningWish } from "../support/opening-client.ts";
import { eventsOf } from "../support/recording-log.ts";

type HttpVersion = "1.1" | "2";
const Versions = [
  { httpVersion: "1.1", protocol: "h1", streamId: undefined },
  { httpVersion: "2", protocol: "h2", streamId: expect.any(Number) },
] as const;

/** A backend that takes requests, whose content it reads, and echoes on WebSockets. */
async function backend(): Promise<string> {
  const answer = async (request: IncomingMessage): Promise<string> => `${(await text(request)).length}`;
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.end(body),
      () => response.destroy(),
    );
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    socket.on("error", () => undefined);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Wish {
  readonly method?: string;
  readonly path: string;
  readonly authority?: string;
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

/** Sends an ordinary request over a connection of its own and reads the answer to its end. */
async function ask(port: number, httpVersion: HttpVersion, wish: Wish): Promise<void> {
  const { method = "GET", path, authority = "example.com", fields = [], body = "" } = wish;
  if (httpVersion === "1.1") {
    const headers = Object.fromEntries([["Host", authority], ["Content-Length", `${body.length}`], ...fields]);
    const sent = request({ port, method, path, headers, agent: false }).end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    await text(response);
    return;
  }
  const session = connectHttp2(`http://127.0.0.1:${port}`).on("error", () => undefined);
  const lines = [":method", method, ":scheme", "http", ":authority", authority, ":path", path];
  for (const [name, value] of fields) lines.push(name.toLowerCase(), value);
  const stream = session.request(lines, { endStream: body === "" });
  stream.on("error", () => undefined);
  if (body !== "") stream.end(body);
  stream.resume();
  await once(stream, "close");
  session.destroy();
}

/** A masked frame, whose mask is zero: FIN and `opcode`, then a payload of up to 125 bytes. */
function frame(opcode: number, payload: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}

async function startGateway(log: object): Promise<GatewayUnderTest> {
  const routes = [
    { name: "echo", pathPrefix: "/echo", handler: "echo" },
    { name: "app", pathPrefix: "/app", upstream: "backend" },
    { name: "dead", pathPrefix: "/dead", upstream: "nobody" },
    { name: "site", pathPrefix: "/site", root: "site" },
  ];
  const upstreams = {
    backend: { addresses: [await backend()] },
    nobody: { addresses: ["http://127.0.0.1:1"] },
  };
  return await startGatewayUnderTest({ routes, upstreams, log }, { "site/index.html": "<p>hello</p>" });
}

describe.each(Versions)("over HTTP/$httpVersion", ({ httpVersion, protocol, streamId }) => {
  test("each kind of line appears, with what a stream and a request were", async () => {
    const gateway = await startGateway({ format: "json", openStreamMs: 1_000 });
    const events = (event: string) => eventsOf(gateway.log).filter((line) => line["event"] === event);
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/app/chat" });
    await client.response();
    client.send(frame(1, hex("68 69")));
    await client.received(4);
    await vi.waitFor(() => expect(events("stream-open")).not.toEqual([]), 5_000);
    client.send(frame(8, hex("03e8")));
    await gateway.settles("hawser_streams_open", {}, 0);
    const place = { id: 1, route: "app", upstream: "backend", protocol, connectionId: 1, streamId };
    const common = { level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) };
    const half = { bytesToUpstream: 8, messagesToUpstream: 1, framesToUpstream: 1 };
    const back = { bytesToClient: 4, messagesToClient: 1, framesToClient: 1, durationMs: expect.any(Number) };
    expect(events("stream-opened")).toEqual([{ ...common, event: "stream-opened", ...place, openStreams: 1 }]);
    expect(events("stream-open")[0]).toEqual({ ...common, event: "stream-open", ...place, ...half, ...back });
    const whole = { bytesToUpstream: 16, framesToUpstream: 2, bytesToClient: 8, framesToClient: 2 };
    const ending = { initiator: "client", code: 1000, cause: "close-frame" };
    expect(events("stream-closed")).toEqual([
      { ...common, event: "stream-closed", ...place, ...ending, ...half, ...back, ...whole },
    ]);

    const refused = await gateway.connect(httpVersion);
    refused.ask({ path: "/dead" });
    await refused.response();
    expect(events("opening-refused")).toMatchObject([
      { ...common, route: "dead", protocol, result: "upstream_unreachable", status: 502, detail: "ECONNREFUSED" },
    ]);

    await ask(gateway.port, httpVersion, { method: "POST", path: "/app/form", body: "four" });
    await gateway.settles("hawser_http_requests_total", { route: "app", protocol, status: "2xx" }, 1);
    expect(events("request")).toEqual([
      {
        ...common,
        event: "request",
        ...{ route: "app", upstream: "backend", protocol, method: "POST", status: 200, result: "answered" },
        ...{ durationMs: expect.any(Number), bytesIn: 4, bytesOut: 1 },
      },
    ]);
    expect(eventsOf(gateway.log).flatMap(({ msg }) => msg ?? [])).toEqual([
      expect.stringMatching(/^admin http:/),
      expect.stringMatching(/^listening main http:/),
    ]);
  });
});

const Marker = "xyzzy";
const MarkedFields = [
  ["Origin", `https://${Marker}.example`],
  ["User-Agent", Marker],
  ["Cookie", `id=${Marker}`],
  ["Authorization", `Bearer ${Marker}`],
  ["Referer", `https://example.com/${Marker}`],
  ["X-Forwarded-For", Marker],
  ["Forwarded", `for=_${Marker};host=${Marker}`],
  ["Sec-WebSocket-Protocol", Marker],
  ["Sec-WebSocket-Extensions", Marker],
  ["Sec-WebSocket-Version", Marker],
  ["Expect", Marker],
  ["Range", Marker],
  ["If-None-Match", Marker],
  ["Content-Type", Marker],
  [Marker, "1"],
] as const;
/** Every place where a client can say something, one at a time: an answer that refuses one of them must not hide the others. */
const Wishes: readonly OpeningWish[] = [
  {},
  { path: `/${Marker}` },
  { path: `/?${Marker}` },
  { authority: `${Marker}.example` },
  ...MarkedFields.map((field) => ({ fields: [field] })),
];

describe.each(Versions)("nothing that a client says over HTTP/$httpVersion", ({ httpVersion }) => {
  test.each(["json", "text"] as const)("is in the log in %s, or in a scrape", async (format) => {
    const gateway = await startGateway({ format });
    const said = new TextEncoder().encode(Marker);
    for (const route of ["/echo", "/app", "/dead", "/site", ""]) {
      for (const { path = "", ...wish } of Wishes) {
        const client = await gateway.connect(httpVersion);
        client.ask({ ...wish, path: `${route}${path}` || "/" });
        const { status } = await client.response();
        if (status === 101 || status === 200) {
          client.send(frame(1, said));
          await client.received(2 + said.length);
          client.send(frame(8, joined([hex("0fa1"), said])));
        }
        for (const method of ["GET", "POST", Marker.toUpperCase()]) {
          const body = method === "POST" ? Marker : "";
          await ask(gateway.port, httpVersion, { ...wish, path: `${route}${path}` || "/", method, body });
        }
      }
    }
    await gateway.settles("hawser_streams_open", {}, 0);
    const scrape = await (await fetch(`${gateway.admin}/metrics`)).text();
    expect(await gateway.metric("hawser_stream_closes_total", { code: "4xxx" })).toBeGreaterThan(20);
    expect(gateway.log.length).toBeGreaterThan(300);
    expect(scrape).not.toMatch(new RegExp(Marker, "i"));
    expect(gateway.log.filter((line) => new RegExp(`${Marker}|127\\.0\\.0\\.1(?!:\\d+"?}?$)`, "i").test(line))).toEqual(
      [],
    );
  });
});
