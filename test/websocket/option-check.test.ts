import { describe, expect, test } from "vitest";
import { connect, WebSocketClient } from "../../src/websocket/client.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { reconnecting } from "../../src/websocket/reconnecting.ts";
import { WebSocketServer } from "../../src/websocket/server.ts";
import { WebSocket } from "../../src/websocket/web-socket.ts";
import { testCertificate } from "../support/certificates.ts";

/** Part of a value that no error may show. */
const Secret = "hunter2";
const Url = "wss://localhost:1/";
const { certificate, key } = await testCertificate();
const Damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const NoFile = "is no PEM: give the text of a file, with its -----BEGIN";

/** Options as JavaScript may give them. */
type Given = Readonly<Record<string, unknown>>;

interface Refused {
  readonly given: Given;
  readonly says: string;
}

/** Of whatever has a handler, extensions and field lines. */
const OfAll: readonly Refused[] = [
  { given: { handler: null }, says: "handler is null, not an object with methods such as { onMessage(" },
  { given: { handler: () => undefined }, says: "handler is a function, not an object with methods" },
  { given: { handler: { onMessage: 3 } }, says: "handler.onMessage is 3, not a function" },
  { given: { handler: { onClose: null } }, says: "handler.onClose is null, not a function" },
  { given: { handler: { onmessage() {} } }, says: "handler.onmessage is never called: did you mean onMessage?" },
  { given: { handler: { onMesage() {} } }, says: "handler.onMesage is never called: did you mean onMessage?" },
  {
    given: { extensions: ["deflate"] },
    says: "extensions[0] is 'deflate', not an ExtensionNegotiator such as new Per",
  },
  { given: { extensions: "deflate" }, says: "extensions is 'deflate', not a list such as [new PermessageDeflate" },
  { given: { subprotocols: "chat" }, says: "subprotocols is 'chat', not a list such as [\"chat\"]" },
  { given: { subprotocols: [5] }, says: "subprotocols[0] is 5, not a string" },
  { given: { fields: { cookie: Secret } }, says: "fields is an object, not a list of name, value, name, value …" },
  { given: { fields: Secret }, says: "fields is a string, not a list of name, value, name, value …" },
  { given: { fields: ["age", 5] }, says: "fields[1] is 5, not a string" },
  { given: { maxMesageBytes: 5 }, says: "maxMesageBytes is no option of OF: did you mean maxMessageBytes?" },
  { given: { backlog: 5 }, says: "backlog is no option of OF: " },
];

const OfServers: readonly Refused[] = [
  { given: { port: 8080 }, says: "port is no option of new WebSocketServer(): it is one of listen()" },
  { given: { path: "/" }, says: "path is no option of new WebSocketServer(): it is one of listen(), of attach() and" },
  { given: { drainMs: 1 }, says: "drainMs is no option of new WebSocketServer(): it is one of close()" },
  {
    given: { origins: "https://a" },
    says: "origins is 'https://a', not a list such as [\"https://app.example.com\"],",
  },
  { given: { hosts: "a" }, says: "hosts is 'a', not a list such as [\"example.com\"] or a function" },
  { given: { authorize: true }, says: "authorize is true, not a function" },
  { given: { onRequest: {} }, says: "onRequest is an object, not a function" },
  { given: { onError: console }, says: "onError is an object, not a function" },
  { given: { subprotocolRequired: "no" }, says: "subprotocolRequired is 'no', not true or false" },
  { given: { endpoints: {} }, says: 'endpoints is an object, not a list such as [{ path: "/chat", handler }]' },
  { given: { endpoints: [null] }, says: "endpoints[0] is null, not an object with options" },
  { given: { endpoints: [{}] }, says: "endpoints[0].path is missing" },
  { given: { endpoints: [{ path: /a/ }] }, says: "endpoints[0].path is an object, not a path such as /chat" },
  {
    given: { endpoints: [{ path: "/", tls: {} }] },
    says: "endpoints[0].tls is no option of an endpoint: it is one of",
  },
  {
    given: { endpoints: [{ path: "/", origin: [] }] },
    says: "endpoints[0].origin is no option of an endpoint: did you",
  },
  { given: { endpoints: [{ path: "/", handler: { onOpen: 1 } }] }, says: "endpoints[0].handler.onOpen is 1, not a" },
  { given: { http2: 5 }, says: "http2 is 5, not an object with options" },
  { given: { http2: { engine: "nod" } }, says: 'http2.engine is \'nod\', not "node" or "hawser"' },
  {
    given: { http2: { engin: "node" } },
    says: "http2.engin is no option of new WebSocketServer(): did you mean http2",
  },
  { given: { tcp: { maxHandshake: 1 } }, says: "tcp.maxHandshake is no option of new WebSocketServer(): did you mean" },
  { given: { headers: { maxBytes: 1 } }, says: "headers.maxBytes is no option of new WebSocketServer(): there are" },
  { given: { deadlines: { idle: 1 } }, says: "deadlines.idle is no option of new WebSocketServer(): did you mean" },
  { given: { openingRate: { perSecond: 5 } }, says: "openingRate.burst is missing" },
  { given: { protocols: ["http1"] }, says: 'protocols[0] is \'http1\', not "h2" or "http/1.1"' },
  { given: { protocols: [] }, says: 'protocols is an empty list, not a list such as ["h2", "http/1.1"]' },
  { given: { protocols: "h2" }, says: "protocols is 'h2', not a list" },
  { given: { proxyProtocol: true }, says: "proxyProtocol is true, not a BlockList of node:net" },
  { given: { tls: true }, says: "tls is true, not an object with certificate and key, or a list of them" },
  { given: { tls: [] }, says: "tls is an empty list, not an object with certificate and key" },
  {
    given: { tls: { cert: certificate, key } },
    says: "tls.cert is no option of new WebSocketServer(): did you mean tls.c",
  },
  { given: { tls: { certificate } }, says: "tls.key is missing" },
  { given: { tls: { certificate: 5, key } }, says: "tls.certificate is 5, not PEM as a string, or its bytes" },
  { given: { tls: { certificate: `/etc/${Secret}.pem`, key } }, says: `tls.certificate ${NoFile} CERTIFICATE-----, ` },
  { given: { tls: { certificate: "", key } }, says: "tls.certificate is empty, and no PEM" },
  { given: { tls: { certificate: key, key } }, says: `tls.certificate ${NoFile} CERTIFICATE-----, ` },
  { given: { tls: { certificate, key: certificate } }, says: `tls.key ${NoFile} PRIVATE KEY-----, ` },
  {
    given: { tls: [{ certificate: Damaged, key }] },
    says: "tls[0].certificate is PEM that no certificate can be read",
  },
  {
    given: { tls: { certificate, key: Damaged.replaceAll("CERTIFICATE", "PRIVATE KEY") } },
    says: "tls.key is PEM that no private key can be read from: it is damaged, or has a passphrase",
  },
  {
    given: { tls: { certificate, key, serverNames: "example.com" } },
    says: "tls.serverNames is 'example.com', not a list such as [\"example.com\"]",
  },
  {
    given: { tls: { certificate, key, clientCertificates: { ca: certificate } } },
    says: "tls.clientCertificates.required is missing",
  },
  {
    given: { tls: { certificate, key, clientCertificates: { ca: "ca.pem", required: true } } },
    says: `tls.clientCertificates.ca ${NoFile}`,
  },
];

const OfClients: readonly Refused[] = [
  { given: { protocol: "h3" }, says: 'protocol is \'h3\', not "auto", "h1" or "h2"' },
  { given: { headers: {} }, says: 'headers is no option of OF: write fields: ["name", "value"]' },
  { given: { ca: "" }, says: "ca is no option of OF: it is one of tls" },
  { given: { origin: ["a"] }, says: "origin is a list, not a string" },
  { given: { socketPath: 5 }, says: "socketPath is 5, not a string" },
  { given: { proxy: { host: "a" } }, says: "proxy is an object, not a URL" },
  { given: { signal: new AbortController() }, says: "signal is an object, not an AbortSignal" },
  { given: { tls: "a" }, says: "tls is 'a', not an object with options" },
  {
    given: { tls: { rejectUnauthorized: false } },
    says: "tls.rejectUnauthorized is no option of OF: there are ca, cert",
  },
  { given: { tls: { verify: 0 } }, says: "tls.verify is 0, not true or false" },
  { given: { tls: { ca: `/etc/${Secret}.pem` } }, says: `tls.ca ${NoFile} CERTIFICATE-----, and not its path` },
  { given: { tls: { ca: [certificate] } }, says: "tls.ca is a list, not PEM as a string, or its bytes" },
  { given: { tls: { ca: Damaged } }, says: "tls.ca is PEM that no certificate can be read from" },
  { given: { tls: { ca: Buffer.from("DER") } }, says: `tls.ca ${NoFile}` },
  { given: { tls: { cert: certificate, key: Secret } }, says: `tls.key ${NoFile} PRIVATE KEY-----` },
  { given: { tls: { cert: certificate } }, says: "tls.key is missing: a certificate and its key go together" },
  { given: { proxyTls: { ca: Secret } }, says: `proxyTls.ca ${NoFile}` },
];

/** Says that `act` fails with exactly the kind of error and the beginning of a message that `says`. */
async function refuses(act: () => unknown, says: string): Promise<void> {
  const error: unknown = await (async () => act())().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  const message = error instanceof Error ? error.message : "";
  expect(message.slice(0, says.length)).toBe(says);
  expect(message).not.toContain(Secret);
}

describe("a server refuses what is of no use:", () => {
  test.each([...OfAll, ...OfServers])("$says", async ({ given, says }) => {
    await refuses(() => new WebSocketServer(given), says.replace("OF", "new WebSocketServer()"));
  });
});

describe("a client refuses what is of no use:", () => {
  test.each([...OfAll, ...OfClients])("$says", async ({ given, says }) => {
    const of = (name: string): string => says.replace("OF", name);
    await refuses(() => new WebSocketClient(given), of("new WebSocketClient()"));
    await refuses(() => new WebSocketClient().connect(Url, given), of("connect()"));
    await refuses(() => reconnecting(Url, given).next(), of("reconnecting()"));
  });

  test.each([
    ...OfClients.filter(({ given }) => given["signal"] === undefined),
    { given: { subprotocols: ["a"] }, says: "subprotocols is no option of OF: they are its second argument" },
    { given: { handler: {} }, says: "handler is no option of OF: it has events" },
    { given: { client: "a" }, says: "client is 'a', not a WebSocketClient" },
  ])("as a browser's WebSocket: $says", async ({ given, says }) => {
    await refuses(() => new WebSocket(Url, [], given), says.replace("OF", "new WebSocket()"));
  });
});

test.each<{ name: string; given: unknown; says: string }>([
  { name: "listen", given: 8080, says: "listen() is given 8080, not options: write listen({ port: 8080 })" },
  { name: "listen", given: "8080", says: "listen() is given a string, not options: write listen({ port: 8080 })" },
  { name: "listen", given: { tls: {} }, says: "tls is no option of listen(): it is one of new WebSocketServer()" },
  { name: "listen", given: { hots: "a" }, says: "hots is no option of listen(): did you mean host?" },
  {
    name: "listen",
    given: { exclusive: true },
    says: "exclusive is no option of listen(): there are host, port, path",
  },
  { name: "listen", given: { path: "/a", port: 1 }, says: "path is one place to listen, and host and port another" },
  { name: "listen", given: { host: 5 }, says: "host is 5, not a string" },
  {
    name: "attach",
    given: "/live",
    says: 'attach() is given a string, not options: write attach(server, { path: "/live/*',
  },
  { name: "attach", given: { paths: "/" }, says: "paths is no option of attach(): did you mean path?" },
  { name: "attach", given: { path: ["/"] }, says: "path is a list, not a path such as /live/*, or a function" },
  { name: "close", given: 1001, says: "close() is given 1001, not options: write close({ reason:" },
  { name: "close", given: { drainMS: 1 }, says: "drainMS is no option of close(): did you mean drainMs?" },
  { name: "close", given: { reason: 5 }, says: "reason is 5, not a string" },
  { name: "new", given: 8080, says: "new WebSocketServer() is given 8080, not options: write new WebSocketServer({ h" },
])("$name: $says", async ({ name, given, says }) => {
  const server = new WebSocketServer();
  const acts: Readonly<Record<string, () => unknown>> = {
    listen: () => Reflect.apply(server.listen, server, [given]),
    attach: () => Reflect.apply(server.attach, server, [{}, given]),
    close: () => Reflect.apply(server.close, server, [given]),
    new: () => Reflect.construct(WebSocketServer, [given]),
  };
  await refuses(() => acts[name]?.(), says);
  // Nothing has happened.
  await server.listen({ host: "127.0.0.1" });
  await server.close();
});

test.each([null, 5, ["a"]])("%j is no options of a client", async (given) => {
  await refuses(() => Reflect.construct(WebSocketClient, [given]), "new WebSocketClient() is given ");
  await refuses(() => Reflect.construct(WebSocket, [Url, [], given]), "new WebSocket() is given ");
  await refuses(() => Reflect.apply(connect, undefined, [Url, given]), "connect() is given ");
  await refuses(() => Reflect.apply(reconnecting, undefined, [Url, given]).next(), "reconnecting() is given ");
});

test.each([-1, 65_536, "8080", NaN])("there is no port %s to listen on", async (port) => {
  const given: Given = { port };
  await expect(new WebSocketServer().listen(given)).rejects.toThrow(RangeError);
  await expect(new WebSocketServer().listen(given)).rejects.toThrow("not a whole number from 0 to 65535");
});

test.each([
  { reconnect: { minMs: 5, maxMs: 4 }, says: "reconnect.minMs is 5, more than reconnect.maxMs, which is 4" },
  {
    reconnect: { minMs: 40_000 },
    says: "reconnect.minMs is 40000, more than reconnect.maxMs, which is 30000 where not given",
  },
])("$says", async ({ reconnect, says }) => {
  await expect(reconnecting(Url, { reconnect }).next()).rejects.toThrow(new RangeError(says));
});

test.each([
  { reconnect: { retries: 5 }, says: "reconnect.retries is no option of reconnecting(): there are minMs, maxMs" },
  { reconnect: { onRetry: true }, says: "reconnect.onRetry is true, not a function" },
  { reconnect: 5, says: "reconnect is 5, not an object with options" },
])("$says", async ({ reconnect, says }) => {
  const given: Given = { reconnect };
  await refuses(() => reconnecting(Url, given).next(), says);
});

test("a wait that may last for ever says so once", async () => {
  await expect(new WebSocketServer().close({ drainMs: -1 })).rejects.toThrow(/, or Infinity for ever$/);
});

test("what is of use is taken: methods of a class, names of one's own, and PEM in each form", () => {
  class Chat {
    rooms = new Map();
    onRoomChanged = () => undefined;
    onMessage(): void {}
  }
  const options: ConnectOptions = {
    handler: new Chat(),
    tls: { ca: Buffer.from([certificate, certificate].join("\n")) },
  };
  expect(() => new WebSocketClient(options)).not.toThrow();
  const callable = Object.assign(() => undefined, { onMessage: () => undefined });
  expect(() => new WebSocketServer({ handler: callable })).not.toThrow();
  expect(
    () =>
      new WebSocketServer({
        tls: [{ certificate: [key, certificate].join("\n"), key: [certificate, key].join("\n") }],
      }),
  ).not.toThrow();
});
