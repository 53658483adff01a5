import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { explainConfig } from "../../src/cli/explain-config.ts";
import { certificateFacts } from "../../src/gateway/config/certificates.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { testCertificate } from "../support/certificates.ts";
import { configFolder } from "../support/config-folder.ts";

const { certificate, key } = await testCertificate(["chat.example.com", "::1"]);
const until = certificateFacts(certificate).validUntil.toISOString().slice(0, 10);
const Listener = "listeners: [{ address: 127.0.0.1:8080 }]\n";

/** The rows of each paragraph about a config. */
async function explanation(text: string, openFiles?: number): Promise<Record<string, readonly (readonly string[])[]>> {
  const folder = await configFolder({ "g.yaml": text, "c.pem": certificate, "k.pem": key, "site/x": "", "own.js": "" });
  const paragraphs = explainConfig(await loadConfig(join(folder, "g.yaml")), openFiles);
  const rows = paragraphs.map(({ title, rows }) => {
    return [title.replace(/,.*$/, ""), rows.map((row) => row.map((cell) => cell.replaceAll(folder, "@")))] as const;
  });
  return Object.fromEntries(rows);
}

test("listeners, with their certificates and who may come", async () => {
  const pair = "certificate: c.pem, key: k.pem";
  const text = `
listeners:
  - { name: public, address: "[::]:8443", tls: { ${pair} }, protocols: [h2] }
  - { address: 127.0.0.1:8080, proxyProtocol: true }
  - name: several
    address: 127.0.0.1:8444
    tls:
      certificates:
        - { ${pair}, clientCertificates: { ca: c.pem } }
        - { ${pair}, serverNames: ["*.example.com"], clientCertificates: { ca: c.pem, required: false } }
routes: [{ handler: echo }]
trustedProxies: [10.0.0.0/8]
`;
  expect((await explanation(text)).Listeners).toEqual([
    ["public", "https://[::]:8443", "h2", `certificate for chat.example.com, ::1 until ${until}`],
    ["127.0.0.1:8080", "http://127.0.0.1:8080", "h2, http/1.1", "cleartext"],
    ["", "", "", "PROXY header first, from trusted proxies"],
    [
      "several",
      "https://127.0.0.1:8444",
      "h2, http/1.1",
      `certificate for chat.example.com, ::1 and every other name until ${until}`,
    ],
    ["", "", "", "clients must show a certificate there (mTLS)"],
    ["", "", "", `certificate for *.example.com until ${until}`],
    ["", "", "", "clients may show a certificate there (mTLS)"],
  ]);
});

test("routes in their order of precedence, each with what holds on it", async () => {
  const text = `${Listener}
routes:
  - { name: page, root: site, clients: { deny: [10.0.0.1] } }
  - { name: chat, host: chat.example.com, path: /ws, upstream: chat, origins: any, maxStreams: 1 }
  - name: rooms
    pathPrefix: /rooms
    upstream: chat
    hostField: upstream
    clients: { allow: [10.0.0.0/8, "::1"], deny: [10.0.0.1] }
    limits: { maxFrameBytes: 1536, idleMs: 90000, maxAgeMs: 7200000, maxAgeJitter: 0.25 }
  - { name: other, path: /other, upstream: chat, hostField: other.example, origins: [https://a, https://b] }
  - { name: echo, path: /echo, handler: echo }
upstreams: { chat: { addresses: [ws://a:1] } }
`;
  expect((await explanation(text)).Routes).toEqual([
    ["chat", "chat.example.com, /ws", "→ upstream chat, Host of the client"],
    ["", "", "pages of every site"],
    ["", "", "each WebSocket up to 64 KiB waiting; 1 WebSocket at once"],
    ["other", "every host, /other", "→ upstream chat, Host other.example"],
    ["", "", "pages of the same host and port, https://a, https://b"],
    ["", "", "each WebSocket up to 64 KiB waiting"],
    ["echo", "every host, /echo", "→ handler echo"],
    ["", "", "pages of the same host and port"],
    ["", "", "each WebSocket up to 1 MiB a message, 1024 fragments of it, 16 MiB waiting, 5 min idle"],
    ["rooms", "every host, /rooms and below", "→ upstream chat, Host of its address"],
    ["", "", "clients: 10.0.0.0/8, ::1, but not 10.0.0.1"],
    ["", "", "pages of the same host and port"],
    ["", "", "each WebSocket up to 1.5 KiB a frame, 64 KiB waiting, 90 s idle, 2 h old (a random part of 25 % less)"],
    ["page", "every host, every path", "→ files in @/site"],
    ["", "", "clients: everybody, but not 10.0.0.1"],
  ]);
});

test("upstreams, access and operation", async () => {
  const text = `${Listener}
routes: [{ upstream: chat }, { path: /web, upstream: web }]
upstreams:
  chat: { addresses: [ws://a:1, wss://b], connectTimeoutMs: 1500, command: [node, backend.js, --token=secret] }
  web: { addresses: [http://c], sourceAddresses: [10.0.0.5, 10.0.0.6] }
access: { hosts: [a.example, "*.b.example"], clients: { allow: [10.0.0.0/8] } }
trustedProxies: [10.0.0.0/8, "::1"]
reload: { watch: false, changedRouteMs: 0 }
log: { openStreamMs: off, requests: false }
`;
  const { Upstreams, Access, Operation } = await explanation(text);
  expect(Upstreams).toEqual([
    ["chat", "ws://a:1, wss://b"],
    ["", "WebSockets alone; connect in 1500 ms, answer in 10 s"],
    [
      "",
      "WebSockets over HTTP/2 where an address prefers it: 256 a connection, 1024 connections an address; 1024 may wait for room",
    ],
    ["", "started here: node with 2 arguments"],
    ["web", "http://c"],
    ["", "requests and WebSockets; connect in 5 s, answer in 10 s, respond in 1 min"],
    ["", "1024 connections an address for requests, 1024 may wait for one"],
    ["", "connected to from 10.0.0.5, 10.0.0.6, in turn"],
  ]);
  expect(Access).toEqual([
    ["hosts", "a.example, *.b.example; else 421"],
    ["clients", "10.0.0.0/8"],
    ["trusted proxies", "10.0.0.0/8, ::1"],
  ]);
  expect(Operation).toEqual([
    [
      "admin",
      "http://127.0.0.1:9464: /livez, /readyz and /metrics for everybody; /console, streams, events, reload and drain for " +
        "programs and browsers on this machine",
    ],
    ["reload", "on SIGHUP and POST /reload; WebSockets of changed routes live on for 0 ms"],
    ["log", "auto; open WebSockets never; ordinary requests never"],
  ]);
});

test.each([
  {
    upstream: "{ addresses: [ws://a], protocol: h2, maxStreamsPerConnection: 9, maxConnections: 1, maxWaiting: 3 }",
    shared: "WebSockets over HTTP/2: 9 a connection, 1 connection an address; 3 may wait for room",
  },
  { upstream: "{ addresses: [ws://a] }", shared: undefined },
  { upstream: "{ addresses: [wss://a], protocol: h1 }", shared: undefined },
])("whether WebSockets to $upstream share connections", async ({ upstream, shared }) => {
  const { Upstreams = [] } = await explanation(`${Listener}routes: [{ upstream: u }]\nupstreams: { u: ${upstream} }\n`);
  expect(Upstreams.flat().find((text) => text.includes("HTTP/2"))).toBe(shared);
});

test("limits and deadlines in readable units; nothing about upstreams where there are none", async () => {
  const text = `${Listener}
routes: [{ handler: echo }]
limits: { maxConnectionsPerAddress: 9, openingsPerSecond: 5 }
http2: { maxConcurrentStreams: 100, streamWindowBytes: 65535 }
deadlines: { idleConnectionMs: 90000, closeMs: 250, closeSpreadMs: 0 }
`;
  const { Limits, Deadlines, ...others } = await explanation(text);
  expect(Limits).toEqual([
    ["connections of clients", "16384, 9 of an address"],
    ["TLS handshakes at once", "16"],
    ["WebSockets", "32768, 256 of a connection"],
    ["openings of an address", "5 a second, 100 at once"],
    ["fields of a request", "256, 16 KiB"],
    ["streams of an HTTP/2 connection", "100"],
    ["bytes sent ahead on HTTP/2", "64 KiB a stream, 16 MiB a connection, 256 MiB a process"],
    ["resets of an HTTP/2 connection", "1024 at once, 256 a second"],
  ]);
  expect(Deadlines).toEqual([
    ["TLS and first bytes", "10 s"],
    ["fields of a request", "10 s"],
    ["answer to an opening", "30 s"],
    ["response to a request", "2 min"],
    ["next part of a body", "1 min"],
    ["idle connection", "90 s"],
    ["closing handshake", "250 ms"],
    ["receiver that takes nothing", "1 min"],
    ["drain at the end", "30 s, Closes spread over 0 ms"],
  ]);
  expect(Object.keys(others)).not.toContain("Upstreams");
  expect(others["Access"]).toContainEqual(["trusted proxies", "none"]);
});

test("with the engine of node a connection has a bound, and the process none", async () => {
  const { Limits } = await explanation(`${Listener}\nroutes: [{ handler: echo }]\nhttp2: { engine: node }\n`);
  expect(Limits).toContainEqual(["bytes sent ahead on HTTP/2", "1 MiB a stream, 16 MiB a connection"]);
  expect(Limits).toContainEqual(["memory of an HTTP/2 connection", "128 MiB, then no new streams"]);
});

describe("what it may need at most", () => {
  const Limits = "limits: { maxStreams: 100, maxConnections: 10, maxHeaderBytes: 1024 }\n";
  const Relays = `${Listener}${Limits}upstreams: { u: { addresses: [ws://u] } }\n`;
  const relay = "1 MiB unread + 2 ways × (64 KiB waiting + 64 KiB read) = 1.3 MiB";
  const fields = ["fields being read", "10 connections × 1 KiB = 10 KiB"];

  test.each([
    {
      what: "relays",
      text: `${Relays}routes: [{ name: a, path: /a, upstream: u }, { name: b, path: /b, upstream: u }]`,
      rows: [
        ["a WebSocket", `${relay}: a, b`],
        ["all WebSockets", "100 × 1.3 MiB of a = 125 MiB"],
        fields,
        ["in all", "125 MiB"],
      ],
    },
    {
      what: "the dearest routes first, as far as they may",
      text: `${Relays}routes: [{ name: a, path: /a, upstream: u }, { name: e, path: /e, handler: echo, maxStreams: 10 }]`,
      rows: [
        ["a WebSocket", `${relay}: a`],
        ["a WebSocket", "1 MiB unread + 1 MiB message + 16 MiB waiting = 18 MiB: e"],
        ["all WebSockets", "10 × 18 MiB of e + 90 × 1.3 MiB of a = 292.5 MiB"],
        fields,
        ["in all", "292.5 MiB"],
      ],
    },
    {
      what: "no limit where one is off",
      text: `${Listener}${Limits}routes: [{ name: e, handler: echo, limits: { maxMessageBytes: off } }]`,
      rows: [
        ["a WebSocket", "1 MiB unread + any message + 16 MiB waiting = no limit: e"],
        ["all WebSockets", "100 × no limit of e = no limit"],
        fields,
        ["in all", "no limit"],
      ],
    },
    {
      what: "requests, and no window without HTTP/2",
      text: `listeners: [{ address: "127.0.0.1:1", protocols: [http/1.1] }]\n${Limits}upstreams: { u: { addresses: [http://a, http://b], maxConnections: 2, maxWaiting: 16 } }
routes: [{ name: a, upstream: u }]`,
      rows: [
        ["a WebSocket", "64 KiB unread + 2 ways × (64 KiB waiting + 64 KiB read) = 320 KiB: a"],
        ["all WebSockets", "100 × 320 KiB of a = 31.3 MiB"],
        [
          "requests to upstreams",
          "4 connections × (64 KiB unread + 2 ways × 64 KiB read) + 16 that wait for one × 64 KiB unread = 1.8 MiB",
        ],
        fields,
        ["in all", "33 MiB"],
      ],
    },
    {
      what: "files alone",
      text: `${Listener}${Limits}routes: [{ root: site }]`,
      rows: [fields, ["in all", "10 KiB"]],
    },
  ])("memory: $what", async ({ text, rows }) => {
    const told = (await explanation(text))["Memory that clients and upstreams can make it take"] ?? [];
    expect(told.slice(0, -1)).toEqual(rows);
    expect(told.at(-1)?.[0]).toBe("not counted");
  });

  test.each([
    { openFiles: 1_024, thereAre: "1024 (RLIMIT_NOFILE of this process)" },
    { openFiles: undefined, thereAre: "unknown here" },
  ])("files, where there are $openFiles", async ({ openFiles, thereAre }) => {
    const text = `${Relays}routes: [{ upstream: u }]`;
    expect((await explanation(text, openFiles))["Open files"]).toEqual([
      [
        "needed",
        "10 of clients + 100 of WebSockets to upstreams + 0 of requests to upstreams = 110, and a few of its own",
      ],
      ["there are", thereAre],
    ]);
  });
});

test("what several workers make of the limits", async () => {
  const text = `${Listener}
workers: 3
routes: [{ upstream: web }, { path: /own, handler: ./own.js }]
upstreams: { web: { addresses: [http://c], maxConnections: 10 } }
limits: { maxConnections: 100, maxConnectionsPerAddress: 5, maxStreams: 50, maxStreamsPerAddress: 6, openingsPerSecond: 7 }
`;
  const { Limits, Operation, ...others } = await explanation(text, 1_000);
  expect(Limits?.slice(0, 4)).toEqual([
    ["connections of clients", "100 (a worker 34), 5 of an address in each worker"],
    ["TLS handshakes at once", "16 in each worker"],
    ["WebSockets", "50 (a worker 17), 256 of a connection, 6 of an address in each worker"],
    ["openings of an address", "7 a second, 100 at once in each worker"],
  ]);
  expect(Operation).toContainEqual([
    "workers",
    "3 processes; each connection goes to the one with the fewest; what a handler keeps, it keeps in each for itself",
  ]);
  expect(others["Open files"]?.[0]).toEqual([
    "needed by each worker",
    "34 of clients + 17 of WebSockets to upstreams + 4 of requests to upstreams = 55, and a few of its own",
  ]);
});

test("the secret of the admin port is not told, but that there is one", async () => {
  const admin = "{ auth: { token: 0123456789abcdef }, hosts: [gw.example], showClients: false }";
  const { Operation = [] } = await explanation(`${Listener}routes: [{ handler: echo }]\nadmin: ${admin}\n`);
  const [row = []] = Operation;
  expect(row[1]).toMatch(/for who has the token, by the names gw\.example too; clients are not shown$/);
  expect(row.join(" ")).not.toContain("0123456789abcdef");
});
