import { describe, expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import { WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import { type ConnectionOptions, DefaultConnectionOptions } from "../../src/websocket/connection-options.ts";
import { reconnecting, type ReconnectOptions } from "../../src/websocket/reconnecting.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import type { WebSocketServerOptions } from "../../src/websocket/server-options.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { askedFor } from "../support/asked-for.ts";
import { setUp, setUpAsking } from "../support/websocket-peer.ts";

const Counts = ["maxMessageBytes", "maxFrameBytes", "maxFragments", "controlFrameBurst", "maxBufferedBytes"] as const;
const Times = ["closeMs", "writeStallMs", "pingIntervalMs", "pongMs", "idleMs"] as const;

const NoNumbers: readonly unknown[] = [NaN, -Infinity, "1000", null, 10n, {}];
const NoCounts: readonly unknown[] = [...NoNumbers, -1, 0, 1.5, 2 ** 53];
const NoTimes: readonly unknown[] = [...NoNumbers, -1, 0, 2 ** 31, Number.MAX_SAFE_INTEGER];
const NoRates: readonly unknown[] = [...NoNumbers, -1, 0, Number.MIN_VALUE];

interface Wrong {
  readonly name: string;
  readonly value: unknown;
}

const wrong = (names: readonly string[], values: readonly unknown[]): Wrong[] =>
  names.flatMap((name) => values.map((value) => ({ name, value })));

const OfConnections = [
  ...wrong(Counts, NoCounts),
  ...wrong(Times, NoTimes),
  ...wrong(["controlFramesPerSecond"], NoRates),
];

const OfNested = [
  ...wrong(["maxConnections", "maxConnectionsPerAddress", "maxConnectionsPerHttp2Connection"], NoCounts),
  ...wrong(["maxBacklog"], [NaN, -1, 1.5]),
  ...wrong(["headers.maxHeaderBytes", "headers.maxHeaderCount"], [...NoCounts, Infinity, 2 ** 31]),
  ...wrong(["deadlines.handshakeMs", "deadlines.headersMs", "deadlines.answerMs"], [...NoTimes, Infinity]),
  ...wrong(["deadlines.responseMs", "deadlines.bodyIdleMs", "deadlines.idleConnectionMs"], [...NoTimes, Infinity]),
  ...wrong(["tcp.maxConnections", "tcp.maxConnectionsPerAddress", "tcp.maxHandshakes"], NoCounts),
  ...wrong(["tcp.maxHandshakes"], [Infinity]),
  ...wrong(["http2.maxConcurrentStreams", "http2.streamWindowBytes", "http2.resetBurst"], [...NoCounts, Infinity]),
  ...wrong(["http2.connectionWindowBytes"], [...NoCounts, Infinity, 65_534, 2 ** 31]),
  ...wrong(["http2.maxSessionMemoryMiB"], [...NoCounts, Infinity]),
  ...wrong(["http2.resetsPerSecond", "openingRate.perSecond"], [...NoRates, Infinity]),
  ...wrong(["openingRate.burst"], [...NoCounts, Infinity]),
];

/** `{ a: { b: value } }` for `a.b`, as JavaScript may give it. */
function options(name: string, value: unknown): object {
  const [first = "", ...rest] = name.split(".");
  const given = { perSecond: 1, burst: 1 };
  return { [first]: rest.length === 0 ? value : { ...(first === "openingRate" && given), [rest.join()]: value } };
}

/** Says that `act` names the option and the value. */
function refuses(act: () => unknown, name: string): void {
  expect(act).toThrow(RangeError);
  expect(act).toThrow(`${name} is `);
}

const connection = (given: ConnectionOptions) =>
  new WebSocketConnection(createMemoryPair().near, {
    role: "server",
    request: askedFor(),
    subprotocol: undefined,
    ...given,
  });

describe.each(OfConnections)("$name of a connection may not be $value", ({ name, value }) => {
  const given = options(name, value);

  test("on a server, an endpoint, a client or a connection", async () => {
    refuses(() => new WebSocketServer(given), name);
    refuses(
      () => new WebSocketServer({ endpoints: [{ path: "/" }, { path: "/a", ...given }] }),
      `endpoints[1].${name}`,
    );
    refuses(() => new WebSocketClient(given), name);
    refuses(() => connection(given), name);
    refuses(() => new WebSocket("ws://localhost:1/", [], given), name);
    await expect(new WebSocketClient().connect("ws://localhost:1/", given)).rejects.toThrow(`${name} is `);
    await expect(reconnecting("ws://localhost:1/", given).next()).rejects.toThrow(`${name} is `);
  });
});

test.each(OfNested)("$name of a server may not be $value", ({ name, value }) => {
  refuses(() => new WebSocketServer(options(name, value)), name);
});

test.each(wrong(["maxConnections"], NoCounts))("$name of an endpoint may not be $value", ({ name, value }) => {
  refuses(() => new WebSocketServer({ endpoints: [{ path: "/", ...options(name, value) }] }), `endpoints[0].${name}`);
});

test.each([...wrong(["openingMs"], [...NoTimes, Infinity]), ...wrong(["maxRedirects"], [NaN, -1, 1.5, Infinity])])(
  "$name of a client may not be $value",
  async ({ name, value }) => {
    refuses(() => new WebSocketClient(options(name, value)), name);
    await expect(new WebSocketClient().connect("ws://localhost:1/", options(name, value))).rejects.toThrow(RangeError);
  },
);

test.each([...wrong(["minMs", "maxMs"], [...NoTimes, Infinity]), ...wrong(["stableMs"], [NaN, -1, Infinity])])(
  "$name of reconnecting may not be $value",
  async ({ name, value }) => {
    const reconnect: ReconnectOptions = options(name, value);
    const first = reconnecting("ws://localhost:1/", { reconnect, openingMs: 1 }).next();
    await expect(first).rejects.toThrow(`reconnect.${name} is `);
  },
);

test.each(wrong(["timeoutMs"], [NaN, -1, 2 ** 31, "1"]))("$name of a wait may not be $value", async ({ value }) => {
  const given = options("timeoutMs", value);
  const { connection: asking, peer } = setUpAsking();
  peer.text("is there already");
  await expect(asking.receive(given)).rejects.toThrow(RangeError);
  await expect(asking.receiveStream(given)).rejects.toThrow(RangeError);
  await expect(asking.ping(given)).rejects.toThrow("timeoutMs is ");
  expect(await asking.receive({ timeoutMs: Infinity })).toBe("is there already");
});

test.each(wrong(["drainMs"], [NaN, -1, 2 ** 31, "1"]))("$name may not be $value: nothing closes", async ({ value }) => {
  const server = new WebSocketServer();
  await expect(server.close(options("drainMs", value))).rejects.toThrow("drainMs is ");
  await server.listen({ host: "127.0.0.1" });
  await server.close();
});

test.each<{ option: ConnectOptions & WebSocketServerOptions; says: string }>([
  {
    option: { maxMessageBytes: NaN },
    says: "maxMessageBytes is NaN, not a whole number from 1 on, or Infinity for no limit",
  },
  {
    option: { pingIntervalMs: -1 },
    says: "pingIntervalMs is -1, not a number from 1 to 2147483647, or Infinity for never",
  },
  { option: { closeMs: 2 ** 31 }, says: "closeMs is 2147483648, not a number from 1 to 2147483647" },
  {
    option: { http2: { streamWindowBytes: 0.5 } },
    says: "http2.streamWindowBytes is 0.5, not a whole number from 1 to 2147483647",
  },
])("the error says what is allowed: $says", ({ option, says }) => {
  expect(() => new WebSocketServer(option)).toThrow(new RangeError(says));
});

describe("`undefined` is as good as left out", () => {
  const nothing = Object.fromEntries(Object.keys(DefaultConnectionOptions).map((name) => [name, undefined]));

  test("of a connection: it has the limits by default", async () => {
    const { peer, closings } = setUp({}, { maxMessageBytes: undefined });
    peer.send(peer.frame(Opcode.Binary, new Uint8Array(10 * 1024 * 1024 + 1)));
    await expect.poll(() => closings).toMatchObject([{ code: 1009 }]);
  });

  test("of everything else", () => {
    const nested = { headers: { maxHeaderBytes: undefined }, deadlines: undefined, tcp: { maxHandshakes: undefined } };
    const http2 = { streamWindowBytes: undefined, engine: undefined };
    expect(() => new WebSocketServer({ ...nothing, ...nested, http2, openingRate: undefined })).not.toThrow();
    expect(() => new WebSocketClient({ ...nothing, openingMs: undefined })).not.toThrow();
  });
});
