import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type AddressInfo, type ListenOptions } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { hex, joined } from "../support/bits.ts";
import { testCertificate } from "../support/certificates.ts";
import { configFolder } from "../support/config-folder.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { scriptedUpstream, type Script } from "../support/scripted-upstream.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

const ClientText = hex("81 82 00000000 6869");
const ServerText = hex("81 02 6869");
const ClientClose = hex("88 82 00000000 03e8");
const ServerClose = hex("88 02 03e8");
const Restart = hex("88 02 03f4");

async function backend(): Promise<WsBackend> {
  const started = await startWsBackend({ subprotocols: ["v2"] });
  onTestFinished(() => started.stop());
  return started;
}

/** An echo behind `server` until the test is over. */
async function echoServer(server: Server, where: ListenOptions): Promise<Server> {
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  server.listen(where);
  await once(server, "listening");
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return server;
}

/** Address of a port on which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `ws://127.0.0.1:${port}`;
}

async function scriptedAddress(script: Script): Promise<string> {
  const { address } = await scriptedUpstream(script);
  if (address.transport.type !== "tcp") throw new Error("not TCP");
  return `ws://127.0.0.1:${address.transport.port}`;
}

function relayTo(...addresses: string[]) {
  return {
    routes: [{ name: "chat", pathPrefix: "/chat", upstream: "backend" }],
    upstreams: { backend: { addresses, connectTimeoutMs: 300, answerTimeoutMs: 300 } },
  };
}

describe.each([
  { httpVersion: "1.1", protocol: "h1", opened: 101 },
  { httpVersion: "2", protocol: "h2", opened: 200 },
] as const)("over HTTP/$httpVersion", ({ httpVersion, protocol, opened }) => {
  test("a stream is relayed, early bytes and all, and each part of it is counted", async () => {
    const { url, sockets } = await backend();
    const gateway = await startGatewayUnderTest(relayTo(url));
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/chat/1?a=b", fields: [["Sec-WebSocket-Protocol", "v1, v2"]] }, ClientText);
    const { status, fields } = await client.response();
    expect(status).toBe(opened);
    expect(fields).toContainEqual(["sec-websocket-protocol", "v2"]);
    expect(await client.received(4)).toEqual(Buffer.from(ServerText));
    expect(sockets[0]?.path).toBe("/chat/1?a=b");
    expect(sockets[0]?.fields).toMatchObject({
      host: "example.com",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "hawser-stream": expect.stringMatching(new RegExp(`^http=${httpVersion}; connection=1; stream=\\d+$`)),
    });
    const labels = { route: "chat", upstream: "backend", protocol };
    expect(await gateway.metric("hawser_streams_open", labels)).toBe(1);
    client.send(ClientClose);
    expect(await client.received(8)).toEqual(Buffer.from(joined([ServerText, ServerClose])));
    await gateway.settles("hawser_streams_open", labels, 0);
    expect(await sockets[0]?.closed).toEqual({ code: 1000, reason: "" });
    const closes = { ...labels, initiator: "client", code: "1000", cause: "close_frame" };
    expect(await gateway.metric("hawser_stream_closes_total", closes)).toBe(1);
    expect(await gateway.metric("hawser_stream_bytes_total", { ...labels, direction: "to_upstream" })).toBe(16);
    expect(await gateway.metric("hawser_stream_bytes_total", { ...labels, direction: "to_client" })).toBe(8);
    const accepted = { route: "chat", protocol, result: "accepted" };
    expect(await gateway.metric("hawser_openings_total", accepted)).toBe(1);
  });

  test("of many openings at once none tries a dead address twice and misses the live one", async () => {
    const { url, sockets } = await backend();
    const gateway = await startGatewayUnderTest(relayTo(await deadAddress(), url));
    const clients = await Promise.all(Array.from({ length: 10 }, () => gateway.connect(httpVersion)));
    for (const client of clients) client.ask({ path: "/chat" });
    const answers = await Promise.all(clients.map((client) => client.response()));
    expect(answers.map(({ status }) => status)).toEqual(clients.map(() => opened));
    expect(sockets).toHaveLength(clients.length);
  });

  test("the next address is tried where one does not come to a connection in time", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const { url } = await backend();
    const gateway = await startGatewayUnderTest(relayTo(`wss://127.0.0.1:${port}`, url));
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/chat" });
    expect((await client.response()).status).toBe(opened);
  });

  test("an upstream's refusal reaches the client with status, fields and body", async () => {
    const refusal =
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n5\r\nlogin\r\n0\r\n\r\n";
    const gateway = await startGatewayUnderTest(relayTo(await scriptedAddress((socket) => socket.write(refusal))));
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/chat" });
    const { status, fields, body } = await client.response();
    expect({ status, body }).toEqual({ status: 401, body: "login" });
    expect(fields).toContainEqual(["www-authenticate", "Bearer"]);
    expect(fields.map(([name]) => name)).not.toContain("x-hop");
    const refused = { route: "chat", protocol, result: "upstream_refused" };
    expect(await gateway.metric("hawser_openings_total", refused)).toBe(1);
  });

  test.each<{ name: string; script: Script | undefined; status: number; result: string }>([
    { name: "that nobody listens on", script: undefined, status: 502, result: "upstream_unreachable" },
    { name: "that says nothing", script: () => {}, status: 504, result: "upstream_timeout" },
    {
      name: "that answers garbage",
      script: (socket) => socket.write("SSH-2.0-x\r\n\r\n"),
      status: 502,
      result: "upstream_invalid",
    },
    {
      name: "that accepts with a wrong key",
      script: (socket) =>
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        ),
      status: 502,
      result: "upstream_invalid",
    },
    { name: "that resets", script: (socket) => socket.resetAndDestroy(), status: 502, result: "upstream_invalid" },
  ])("an upstream $name is $status", async ({ script, status, result }) => {
    const address = script === undefined ? await deadAddress() : await scriptedAddress(script);
    const gateway = await startGatewayUnderTest(relayTo(address));
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/chat" });
    expect((await client.response()).status).toBe(status);
    expect(await gateway.metric("hawser_openings_total", { route: "chat", protocol, result })).toBe(1);
    expect(gateway.log.at(-1)).toMatch(new RegExp(`refused ${status} ${result}  \\(.+\\)$`));
  });

  test("the next address is tried where one cannot be reached, and they take turns", async () => {
    const [one, other] = [await backend(), await backend()];
    const gateway = await startGatewayUnderTest(relayTo(one.url, await deadAddress(), other.url));
    for (let opening = 0; opening < 4; opening++) {
      const client = await gateway.connect(httpVersion);
      client.ask({ path: "/chat" });
      expect((await client.response()).status).toBe(opened);
    }
    expect([one.sockets.length, other.sockets.length]).toEqual([2, 2]);
  });

  test("wss:// with an authority of its own and a unix socket are upstreams alike", async () => {
    const { certificate, key } = await testCertificate(["backend.internal"]);
    const folder = await configFolder({});
    const socketPath = join(folder, "backend.sock");
    const secure = await echoServer(createHttpsServer({ cert: certificate, key }), { port: 0, host: "127.0.0.1" });
    await echoServer(createHttpServer(), { path: socketPath });
    const { port } = secure.address() as AddressInfo;
    const gateway = await startGatewayUnderTest(
      {
        routes: [
          { path: "/secure", upstream: "secure", hostField: "upstream" },
          { path: "/unix", upstream: "unix" },
          { path: "/stranger", upstream: "stranger" },
        ],
        upstreams: {
          secure: { addresses: [`wss://127.0.0.1:${port}`], tls: { ca: "ca.pem", serverName: "backend.internal" } },
          unix: { addresses: [`ws+unix://${socketPath}`] },
          stranger: { addresses: [`wss://127.0.0.1:${port}`] },
        },
      },
      { "ca.pem": certificate },
    );
    for (const path of ["/secure", "/unix"]) {
      const client = await gateway.connect(httpVersion);
      client.ask({ path }, ClientText);
      expect((await client.response()).status).toBe(opened);
      expect(await client.received(4)).toEqual(Buffer.from(ServerText));
    }
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/stranger" });
    expect((await client.response()).status).toBe(502);
  });

  test("a handler in the gateway answers alike", async () => {
    const gateway = await startGatewayUnderTest({ routes: [{ name: "echo", path: "/echo", handler: "echo" }] });
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/echo" }, ClientText);
    expect((await client.response()).status).toBe(opened);
    expect(await client.received(4)).toEqual(Buffer.from(ServerText));
    client.send(ClientClose);
    expect(await client.received(8)).toEqual(Buffer.from(joined([ServerText, ServerClose])));
    const closes = { route: "echo", upstream: "echo", protocol, initiator: "client", code: "1000" };
    await gateway.settles("hawser_stream_closes_total", closes, 1);
  });

  test("a handler module is given its WebSocket", async () => {
    const files = {
      "chat.mjs": `
        export const subprotocols = ["v2"];
        export function onOpen(connection) { connection.send(connection.subprotocol + " " + connection.request.path); }
        export function onMessage() { throw new Error("secret"); }`,
    };
    const gateway = await startGatewayUnderTest({ routes: [{ path: "/room", handler: "./chat.mjs" }] }, files);
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/room", fields: [["Sec-WebSocket-Protocol", "v1, v2"]] });
    expect((await client.response()).fields).toContainEqual(["sec-websocket-protocol", "v2"]);
    expect((await client.received(10)).subarray(2).toString()).toBe("v2 /room");
    client.send(ClientText);
    const close = (await client.received(14)).subarray(10);
    expect([...close.subarray(0, 1), close.readUInt16BE(2)]).toEqual([0x88, 1011]);
    expect(close.toString("latin1")).not.toContain("secret");
    await gateway.settles("hawser_stream_closes_total", { cause: "handler_error", protocol }, 1);
    const failed = gateway.log.find((line) => line.includes("handler failed: Error\n    at "));
    expect(failed).toContain("chat.mjs");
    expect(gateway.log.join("\n")).not.toContain("secret");
  });

  test("many small cookies are no more than their size", async () => {
    const gateway = await startGatewayUnderTest({ routes: [{ path: "/echo", handler: "echo" }] });
    const client = await gateway.connect(httpVersion);
    const fields = Array.from({ length: 140 }, (_, index): [string, string] => ["Cookie", `c${index}=1`]);
    client.ask({ path: "/echo", fields });
    expect((await client.response()).status).toBe(opened);
  });

  test("a rule that a client breaks is no failure of the handler", async () => {
    const gateway = await startGatewayUnderTest({ routes: [{ name: "echo", path: "/echo", handler: "echo" }] });
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/echo" }, hex("81 02 6869"));
    await client.response();
    await gateway.settles("hawser_stream_closes_total", { cause: "rule_broken", protocol, code: "1002" }, 1);
    expect(gateway.log.filter((line) => line.includes("handler failed"))).toEqual([]);
  });

  test("what is no opening handshake is told in the log and counted", async () => {
    const gateway = await startGatewayUnderTest({ routes: [{ path: "/echo", handler: "echo" }] });
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/echo", fields: [["Sec-WebSocket-Protocol", "a b"]] });
    expect((await client.response()).status).toBe(400);
    expect(await gateway.metric("hawser_openings_total", { protocol, result: "malformed" })).toBe(1);
    expect(gateway.log.at(-1)).toMatch(new RegExp(`× none +${protocol} malformed$`));
  });

  test("a path without a route is 404", async () => {
    const gateway = await startGatewayUnderTest({ routes: [{ path: "/echo", handler: "echo" }] });
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/other" });
    expect((await client.response()).status).toBe(404);
    expect(await gateway.metric("hawser_openings_total", { route: "none", protocol, result: "no_route" })).toBe(1);
  });

  test("a client that leaves before the answer frees the dial", async () => {
    const upstream = await scriptedUpstream(() => {});
    if (upstream.address.transport.type !== "tcp") throw new Error("not TCP");
    const config = relayTo(`ws://127.0.0.1:${upstream.address.transport.port}`);
    config.upstreams.backend.answerTimeoutMs = 60_000;
    const gateway = await startGatewayUnderTest(config);
    const client = await gateway.connect(httpVersion);
    const asked = upstream.nextRequest();
    client.ask({ path: "/chat" });
    await asked;
    client.leave();
    await upstream.allClosed();
    await gateway.settles("hawser_openings_total", { route: "chat", protocol, result: "client_left" }, 1);
  });

  test("an opening that nobody answers in time is 504, and counted once", async () => {
    const config = relayTo(await scriptedAddress(() => {}));
    config.upstreams.backend.answerTimeoutMs = 60_000;
    const gateway = await startGatewayUnderTest({ ...config, deadlines: { answerMs: 100 } });
    const client = await gateway.connect(httpVersion);
    client.ask({ path: "/chat" });
    expect((await client.response()).status).toBe(504);
    expect(await gateway.metric("hawser_openings_total")).toBe(1);
    expect(await gateway.metric("hawser_openings_total", { route: "chat", protocol, result: "deadline" })).toBe(1);
  });

  test("stop closes each stream with 1012 at both ends, and a waiting opening with 503", async () => {
    const { url, sockets } = await backend();
    const config = relayTo(url);
    const silent = await scriptedUpstream(() => {});
    if (silent.address.transport.type !== "tcp") throw new Error("not TCP");
    const address = `ws://127.0.0.1:${silent.address.transport.port}`;
    const gateway = await startGatewayUnderTest({
      routes: [...config.routes, { path: "/echo", handler: "echo" }, { path: "/silent", upstream: "silent" }],
      upstreams: { ...config.upstreams, silent: { addresses: [address] } },
    });
    const [relayed, handled, waiting] = [
      await gateway.connect(httpVersion),
      await gateway.connect(httpVersion),
      await gateway.connect(httpVersion),
    ];
    relayed.ask({ path: "/chat" });
    handled.ask({ path: "/echo" });
    expect([(await relayed.response()).status, (await handled.response()).status]).toEqual([opened, opened]);
    const asked = silent.nextRequest();
    waiting.ask({ path: "/silent" });
    await asked;
    const stopped = gateway.gateway.stop();
    expect((await waiting.response()).status).toBe(503);
    for (const client of [relayed, handled]) {
      expect(await client.received(4)).toEqual(Buffer.from(Restart));
      client.send(hex("88 82 00000000 03f4"));
    }
    expect((await sockets[0]?.closed)?.code).toBe(1001);
    await stopped;
    expect(gateway.log.at(-1)).toBe("stopped");
  });
});
