import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { Authorization, WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { nodeServer } from "../support/node-servers.ts";
import {
  connectH2Session,
  h2Client,
  type ClientResponse,
  type OpeningClient,
  type OpeningWish,
} from "../support/opening-client.ts";
import { readToEnd } from "../support/listening.ts";
import { serverFor, ServerWays, tcpTo, until, type ServerUnderTest } from "../support/server-ways.ts";

const handler = {};

async function ask(client: OpeningClient, wish?: OpeningWish): Promise<ClientResponse> {
  client.ask(wish);
  return client.response();
}

const retryAfterOf = ({ fields }: ClientResponse) => fields.find(([name]) => name === "retry-after")?.[1];
const isOpen = ({ status }: ClientResponse) => status === 101 || status === 200;

/** An `authorize` that waits until the test says so, and the signals it was given. */
function heldAuthorize() {
  const signals: AbortSignal[] = [];
  const answers: ((authorization: Authorization<unknown>) => void)[] = [];
  const asked = Promise.withResolvers<void>();
  return {
    signals,
    asked: asked.promise,
    accept: () => answers.shift()?.({ type: "accept", data: undefined }),
    authorize: (_: unknown, { signal }: { signal: AbortSignal }) => {
      signals.push(signal);
      asked.resolve();
      return new Promise<Authorization<unknown>>((resolve) => answers.push(resolve));
    },
  };
}

describe.each(ServerWays)("over $way", (way) => {
  test.each<{ limit: string; options: WebSocketServerOptions; wish?: OpeningWish; status: number; retry: string }>([
    { limit: "in all", options: { maxConnections: 2 }, status: 503, retry: "5" },
    { limit: "of one address", options: { maxConnectionsPerAddress: 2 }, status: 429, retry: "5" },
    {
      limit: "of one endpoint",
      options: { endpoints: [{ path: "/few", maxConnections: 2 }] },
      wish: { path: "/few" },
      status: 503,
      retry: "5",
    },
  ])("as many WebSockets may be open as the limit $limit says", async ({ options, wish, status, retry }) => {
    const { client, server } = await serverFor(way, { handler, ...options });
    const clients = [await client(), await client(), await client()] as const;
    expect(isOpen(await ask(clients[0], wish))).toBe(true);
    expect(isOpen(await ask(clients[1], wish))).toBe(true);
    const refused = await ask(clients[2], wish);
    expect([refused.status, retryAfterOf(refused)]).toEqual([status, retry]);
    expect(refused.body).not.toBe("");
    clients[0].leave();
    await gone(server, 1);
    expect(isOpen(await ask(await client(), wish))).toBe(true);
  });

  test("what an endpoint has as undefined is the server's: no limit is off for it", async () => {
    const endpoint = { path: "/*", maxMessageBytes: undefined, maxConnections: undefined };
    const { client } = await serverFor(way, { handler, maxMessageBytes: 1_000, endpoints: [endpoint] });
    const opened = await client();
    expect(isOpen(await ask(opened))).toBe(true);
    // The header alone, of 1001 bytes.
    opened.send(Buffer.from("82fe03e900000000", "hex"));
    const close = await opened.received(4);
    expect([close[0], close.readUInt16BE(2)]).toEqual([0x88, 1009]);
  });

  test("those that are being opened count, and no longer when their client has left", async () => {
    const { authorize, asked, signals } = heldAuthorize();
    const { client, server } = await serverFor(way, { handler, authorize, maxConnections: 1 });
    const first = await client();
    first.ask();
    await asked;
    expect((await ask(await client())).status).toBe(503);
    const aborted = once(signals[0]!, "abort");
    first.leave();
    await aborted;
    expect(server.connections.size).toBe(0);
    const next = await client();
    next.ask();
    await until(() => signals.length === 2);
  });

  test.each<{ what: string; options: WebSocketServerOptions; status: number }>([
    { what: "is refused by a rule", options: { origins: () => false }, status: 403 },
    { what: "is refused by authorize", options: { authorize: () => ({ type: "reject", status: 401 }) }, status: 401 },
    {
      what: "fails in authorize",
      options: { authorize: () => Promise.reject(new Error("the application's")) },
      status: 500,
    },
    {
      what: "has no subprotocol that fits",
      options: { subprotocols: ["a"], subprotocolRequired: true },
      status: 400,
    },
    {
      what: "cannot be accepted",
      options: { authorize: () => ({ type: "accept", data: 1, fields: ["a", "b\r\nc"] }) },
      status: 500,
    },
  ])("an opening that $what takes no place", async ({ options, status }) => {
    const { client } = await serverFor(way, { handler, maxConnections: 1, ...options });
    for (let nth = 0; nth < 3; nth++) expect((await ask(await client())).status).toBe(status);
  });

  test("one address opens no more at once than the burst, and is told when it may again", async () => {
    const { client } = await serverFor(way, { handler, openingRate: { perSecond: 0.1, burst: 2 } });
    expect(isOpen(await ask(await client()))).toBe(true);
    expect(isOpen(await ask(await client()))).toBe(true);
    const refused = await ask(await client());
    expect([refused.status, retryAfterOf(refused)]).toEqual([429, "10"]);
  });

  test("an opening that authorize does not answer in time is 504, and its signal aborts", async () => {
    const { authorize, signals } = heldAuthorize();
    const { client, errors } = await serverFor(way, {
      handler,
      authorize,
      maxConnections: 1,
      deadlines: { answerMs: 30 },
    });
    expect((await ask(await client())).status).toBe(504);
    expect(signals[0]?.aborted).toBe(true);
    expect((await ask(await client())).status).toBe(504);
    expect(errors).toEqual([]);
  });

  test("an answer that comes when the client has left opens nothing", async () => {
    const { authorize, asked, accept, signals } = heldAuthorize();
    const { client, server, errors } = await serverFor(way, { handler, authorize });
    const leaving = await client();
    leaving.ask();
    await asked;
    leaving.leave();
    await once(signals[0]!, "abort");
    accept();
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.connections.size).toBe(0);
    expect(errors).toEqual([]);
  });

  test("an authorize that gives up by its signal has not failed; any other failure is told", async () => {
    const failures = [(signal: AbortSignal): unknown => signal.reason, (): unknown => new Error("another one")];
    const { client, errors } = await serverFor(way, {
      handler,
      deadlines: { answerMs: 30 },
      authorize: (_, { signal }) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(failures.shift()?.(signal))),
        ),
    });
    await ask(await client());
    await ask(await client());
    await until(() => errors.length > 0);
    expect(errors).toEqual([new Error("another one")]);
  });
});

describe.each(ServerWays.filter(({ httpVersion }) => httpVersion === "2"))("over $way", (way) => {
  test("as many WebSockets may be open on one connection as its limit says, and others are not concerned", async () => {
    const { connection } = await serverFor(way, { handler, maxConnectionsPerHttp2Connection: 2 });
    const [stream, other] = [await connection(), await connection()];
    const [first] = [stream()];
    expect([isOpen(await ask(first)), isOpen(await ask(stream()))]).toEqual([true, true]);
    const refused = await ask(stream());
    expect([refused.status, retryAfterOf(refused)]).toEqual([429, "5"]);
    expect(isOpen(await ask(other()))).toBe(true);
  });
});

test("connections of several servers that it is attached to are not taken for one", async () => {
  const server = new WebSocketServer({ handler, closeMs: 50, maxConnectionsPerHttp2Connection: 1 });
  onTestFinished(() => server.close({ drainMs: 10 }));
  for (let nth = 0; nth < 2; nth++) {
    const reached = await nodeServer("node:http2", undefined, (node) => server.attach(node));
    const session = await connectH2Session(reached);
    expect(isOpen(await ask(h2Client(session)))).toBe(true);
    expect((await ask(h2Client(session))).status).toBe(429);
  }
});

describe("an own listener", () => {
  const way = ServerWays[0]!;
  const portOf = ({ reached }: ServerUnderTest<unknown>) => Number(new URL(reached.origin).port);

  test.each([{ tcp: { maxConnections: 1 } }, { tcp: { maxConnectionsPerAddress: 1 } }])(
    "resets a connection beyond $tcp",
    async ({ tcp }) => {
      const under = await serverFor(way, { handler, tcp });
      expect(isOpen(await ask(await under.client()))).toBe(true);
      const socket = connect({ host: "127.0.0.1", port: portOf(under) });
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.once("close", resolve));
    },
  );

  test.each([
    { what: "no byte", bytes: "", answer: "" },
    { what: "half a preface", bytes: "PRI * HTTP/2", answer: "" },
  ])("closes a connection on which $what comes, and serves the others meanwhile", async ({ bytes, answer }) => {
    const under = await serverFor(way, { handler, deadlines: { handshakeMs: 200 } });
    const socket = await tcpTo({ host: "127.0.0.1", port: portOf(under) });
    onTestFinished(() => void socket.destroy());
    socket.write(bytes);
    const words = readToEnd(socket);
    expect(isOpen(await ask(await under.client()))).toBe(true);
    expect(await words).toBe(answer);
  });

  test("answers 408 to a request that dribbles in, and serves the others meanwhile", async () => {
    const under = await serverFor(way, { handler, deadlines: { headersMs: 200 } });
    const socket = await tcpTo({ host: "127.0.0.1", port: portOf(under) });
    onTestFinished(() => void socket.destroy());
    const words = readToEnd(socket);
    const dribble = setInterval(() => socket.write("X"), 20);
    onTestFinished(() => clearInterval(dribble));
    socket.write("GET / HTTP/1.1\r\nX");
    expect(isOpen(await ask(await under.client()))).toBe(true);
    expect(await words).toMatch(/^HTTP\/1\.1 408 /);
  });
});

/** Resolves once as few connections as `size` are left. */
function gone({ connections }: { readonly connections: ReadonlySet<unknown> }, size: number): Promise<void> {
  return until(() => connections.size <= size);
}
