import { once } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { hex, joined } from "../support/bits.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { h2Origin, type H2Origin, type H2OriginOptions } from "../support/h2-origin.ts";
import type { OpeningClient } from "../support/opening-client.ts";
import { freePort } from "../support/ports.ts";

const ClientText = hex("81 82 00000000 6869");
const ServerText = hex("81 02 6869");
const ClientClose = hex("88 82 00000000 03e8");
const ServerClose = hex("88 02 03e8");
const Restart = hex("88 02 03f4");
const BadGateway = hex("88 02 03f6");

const HttpVersions = ["1.1", "2"] as const;
const Accepted = { ":status": 200 };
const RefusedStream = 7;

/** An upstream over HTTP/2, and the gateway in front of it. */
interface Started {
  readonly origin: H2Origin;
  readonly gateway: GatewayUnderTest;
  readonly config: Readonly<Record<string, unknown>>;
}

type UpstreamOptions = Readonly<Record<string, unknown>>;

function urlOf({ port }: { readonly port: number }, scheme: "ws" | "wss" = "ws"): string {
  return `${scheme}://127.0.0.1:${port}`;
}

function configOf(engine: H2EngineName, addresses: readonly string[], upstream: UpstreamOptions = {}) {
  return {
    http2: { engine },
    routes: [{ name: "chat", pathPrefix: "/", upstream: "backend" }],
    upstreams: { backend: { addresses, protocol: "h2", ...upstream } },
  };
}

async function start(engine: H2EngineName, options: H2OriginOptions, upstream?: UpstreamOptions): Promise<Started> {
  const origin = await h2Origin(options);
  const config = configOf(engine, [urlOf(origin)], upstream);
  return { origin, gateway: await startGatewayUnderTest(config), config };
}

async function ask(gateway: GatewayUnderTest, httpVersion: "1.1" | "2" = "1.1", path = "/") {
  const client = await gateway.connect(httpVersion);
  client.ask({ path });
  return { client, ...(await client.response()) };
}

/** A WebSocket through the gateway. */
async function open(gateway: GatewayUnderTest, httpVersion: "1.1" | "2" = "1.1"): Promise<OpeningClient> {
  const { client, status } = await ask(gateway, httpVersion);
  expect(status).toBe(httpVersion === "2" ? 200 : 101);
  return client;
}

async function countOf(gateway: GatewayUnderTest, result: string): Promise<number> {
  return await gateway.metric("hawser_openings_total", { route: "chat", result });
}

describe.each(["node", "hawser"] as const)("upstreams over HTTP/2 framed by %s", (engine) => {
  describe.each(HttpVersions)("to a client over HTTP/%s", (httpVersion) => {
    test("many WebSockets share a connection, each relayed as it is", async () => {
      const heard: Buffer[] = [];
      const { origin, gateway } = await start(engine, {
        onStream(stream) {
          stream.respond({ ...Accepted, "sec-websocket-protocol": "v2" });
          stream.write(ServerText);
          stream.on("data", (bytes: Buffer) => {
            heard.push(bytes);
            if (Buffer.concat(heard).includes(Buffer.from(ClientClose))) stream.end(ServerClose);
          });
        },
      });
      for (let nth = 1; nth <= 3; nth++) {
        heard.length = 0;
        const client = await gateway.connect(httpVersion);
        client.ask(
          {
            path: "/a?b",
            fields: [
              ["Sec-WebSocket-Protocol", "v1, v2"],
              ["X-Own", "1"],
            ],
          },
          ClientText,
        );
        const { fields } = await client.response();
        expect(fields).toContainEqual(["sec-websocket-protocol", "v2"]);
        expect(await client.received(4)).toEqual(Buffer.from(ServerText));
        client.send(ClientClose);
        expect(await client.received(8)).toEqual(Buffer.from(joined([ServerText, ServerClose])));
        expect(Buffer.concat(heard)).toEqual(Buffer.from(joined([ClientText, ClientClose])));
      }
      expect(origin.connections.made).toBe(1);
      expect(await countOf(gateway, "accepted")).toBe(3);
      await gateway.settles("hawser_streams_open", { upstream: "backend" }, 0);
    });

    test("the upstream is told what it is told over HTTP/1.1", async () => {
      let asked: readonly string[] = [];
      const { gateway } = await start(engine, {
        onStream(stream, rawFields) {
          asked = rawFields;
          stream.respond(Accepted);
        },
      });
      const client = await gateway.connect(httpVersion);
      client.ask({
        path: "/a?b",
        fields: [
          ["X-Own", "1"],
          ["Te", "trailers"],
        ],
      });
      await client.response();
      const fields = Object.fromEntries(asked.flatMap((name, at) => (at % 2 === 0 ? [[name, asked[at + 1]]] : [])));
      expect(fields).toEqual({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "http",
        ":authority": "example.com",
        ":path": "/a?b",
        "sec-websocket-version": "13",
        "x-own": "1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "example.com",
        forwarded: "for=127.0.0.1;host=example.com;proto=http",
        "hawser-stream": expect.stringContaining(`http=${httpVersion}; connection=`),
      });
    });

    test.each([
      { how: "its connection lost", lose: ({ origin }: Started) => origin.loseConnections() },
      { how: "its stream reset", lose: ({ origin }: Started) => origin.streams[0]!.close(8) },
      { how: "its stream ended", lose: ({ origin }: Started) => void origin.streams[0]!.end() },
    ])("a WebSocket with $how is closed with 1014", async ({ lose }) => {
      const started = await start(engine, {});
      const client = await open(started.gateway, httpVersion);
      lose(started);
      expect(await client.received(4)).toEqual(Buffer.from(BadGateway));
    });
  });

  const answers: readonly {
    readonly what: string;
    readonly onStream: (stream: ServerHttp2Stream) => void;
    readonly status: number;
    readonly body: string;
    readonly result: string;
  }[] = [
    {
      what: "refuses",
      onStream: (stream) => {
        stream.respond({ ":status": 403 });
        stream.end("not you");
      },
      status: 403,
      body: "not you",
      result: "upstream_refused",
    },
    { what: "says nothing", onStream: () => undefined, status: 504, body: "in time", result: "upstream_timeout" },
    {
      what: "resets the stream",
      onStream: (stream) => stream.close(8),
      status: 502,
      body: "invalid",
      result: "upstream_invalid",
    },
    {
      what: "takes a subprotocol that nobody offered",
      onStream: (stream) => stream.respond({ ...Accepted, "sec-websocket-protocol": "v9" }),
      status: 502,
      body: "invalid",
      result: "upstream_invalid",
    },
    {
      what: "takes an extension that nobody offered",
      onStream: (stream) => stream.respond({ ...Accepted, "sec-websocket-extensions": "x" }),
      status: 502,
      body: "invalid",
      result: "upstream_invalid",
    },
    {
      what: "loses the connection",
      onStream: (stream) => stream.session?.socket.destroy(),
      status: 502,
      body: "invalid",
      result: "upstream_invalid",
    },
    {
      what: "has refused the stream twice",
      onStream: (stream) => stream.close(RefusedStream),
      status: 502,
      body: "cannot be reached",
      result: "upstream_unreachable",
    },
  ];

  test.each(answers)("an upstream that $what: $status", async ({ onStream, status, body, result }) => {
    const { gateway } = await start(engine, { onStream }, { answerTimeoutMs: 200 });
    const answer = await ask(gateway);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(body);
    expect(await countOf(gateway, result)).toBe(1);
  });

  test.each([
    { what: "speaks HTTP/1.1", says: "HTTP/1.1 400 Bad Request\r\n\r\n", status: 502, result: "upstream_unreachable" },
    { what: "never speaks", says: "", status: 504, result: "upstream_timeout" },
  ])("a server that $what: $status", async ({ says, status, result }) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      if (says !== "") socket.end(says);
    });
    onTestFinished(() => void server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = urlOf(server.address() as AddressInfo);
    const gateway = await startGatewayUnderTest(configOf(engine, [url], { connectTimeoutMs: 200 }));
    expect((await ask(gateway)).status).toBe(status);
    expect(await countOf(gateway, result)).toBe(1);
  });

  test.each([
    { protocol: "auto", access: "TLS", version: "2" },
    { protocol: "h2", access: "TLS", version: "2" },
    { protocol: "h1", access: "TLS", version: "1.1" },
    { protocol: "auto", access: "TLS", settings: { enableConnectProtocol: false }, version: "1.1" },
  ] as const)("$protocol over $access: HTTP/$version", async ({ protocol, access, version, ...more }) => {
    const origin = await h2Origin({ access, allowHTTP1: true, ...more });
    const tls = { ca: "ca.pem", serverName: "localhost" };
    const config = configOf(engine, [urlOf(origin, "wss")], { protocol, tls });
    const gateway = await startGatewayUnderTest(config, { "ca.pem": origin.ca ?? "" });
    for (let nth = 0; nth < 3; nth++) await open(gateway);
    const { streams, upgrades } = origin;
    expect([streams.length, upgrades]).toEqual(version === "2" ? [3, 0] : [0, 3]);
  });

  test("what one address has not looked at, another one is asked", async () => {
    const refusing = await h2Origin({ onStream: (stream) => stream.close(RefusedStream) });
    const unable = await h2Origin({ settings: { enableConnectProtocol: false } });
    const origin = await h2Origin();
    const addresses = [`ws://127.0.0.1:${await freePort()}`, urlOf(refusing), urlOf(unable), urlOf(origin)];
    const gateway = await startGatewayUnderTest(configOf(engine, addresses));
    await open(gateway);
    expect(origin.streams).toHaveLength(1);
  });

  test("a full connection is followed by another, up to as many as there may be; then openings wait, some of them", async () => {
    const limits = { maxStreamsPerConnection: 2, maxConnections: 2, maxWaiting: 1, connectTimeoutMs: 400 };
    const { origin, gateway } = await start(engine, {}, limits);
    const clients = [await open(gateway), await open(gateway), await open(gateway), await open(gateway)];
    expect(origin.connections.made).toBe(2);
    const answers = await Promise.all([ask(gateway), ask(gateway)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 504]));
    await gateway.settles("hawser_limits_hit_total", { limit: "upstream_waiting" }, 1);
    expect(await countOf(gateway, "limited")).toBe(1);
    const late = ask(gateway);
    clients[0]!.leave();
    expect((await late).status).toBe(101);
    expect(origin.connections.made).toBe(2);
  });

  test("an upstream of the new config gets connections of its own; those of the old one end behind their last streams", async () => {
    const { origin, gateway, config } = await start(engine, { onStream: (stream) => stream.respond(Accepted) });
    const client = await open(gateway);
    const changed = {
      ...config,
      upstreams: { backend: { addresses: [urlOf(origin)], protocol: "h2", maxWaiting: 7 } },
    };
    expect(await gateway.reload(changed)).toMatchObject({ type: "applied" });
    origin.streams[0]!.write(ServerText);
    expect(await client.received(4)).toEqual(Buffer.from(ServerText));
    await open(gateway);
    expect(origin.connections).toEqual({ made: 2, open: 2 });
    client.leave();
    await origin.until(() => origin.connections.open === 1);
  });

  test("the other engine gets connections of its own", async () => {
    const { origin, gateway, config } = await start(engine, {});
    await open(gateway);
    await gateway.reload({ ...config, http2: { engine: engine === "node" ? "hawser" : "node" } });
    await open(gateway);
    expect(origin.connections).toEqual({ made: 2, open: 2 });
  });

  test("a drain closes the WebSockets, and nothing is left of their connection", async () => {
    const { origin, gateway } = await start(engine, {});
    const client = await open(gateway);
    await gateway.gateway.stop();
    expect(await client.received(4)).toEqual(Buffer.from(Restart));
    await origin.until(() => origin.connections.open === 0);
  });

  test("a gateway behind a gateway is reached over one connection", async () => {
    const echo = { http2: { engine }, routes: [{ name: "echo", pathPrefix: "/", handler: "echo" }] };
    const behind = await startGatewayUnderTest(echo);
    const gateway = await startGatewayUnderTest(configOf(engine, [urlOf(behind)]));
    const clients = await Promise.all(Array.from({ length: 50 }, (_, nth) => open(gateway, HttpVersions[nth % 2])));
    for (const client of clients) client.send(ClientText);
    for (const client of clients) expect(await client.received(4)).toEqual(Buffer.from(ServerText));
    expect(await behind.metric("hawser_streams_open", { protocol: "h2" })).toBe(50);
    expect(await behind.metric("hawser_client_connections_open")).toBe(1);
    for (const client of clients) client.send(ClientClose);
    for (const client of clients) expect((await client.received(8)).subarray(4)).toEqual(Buffer.from(ServerClose));
    await behind.settles("hawser_streams_open", {}, 0);
  });
});
