import { join } from "node:path";
import { expect, test } from "vitest";
import { explainConfig } from "../../src/cli/explain-config.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { certificateFacts } from "../../src/gateway/config/certificates.ts";
import { testCertificate } from "../support/certificates.ts";
import { configFolder } from "../support/config-folder.ts";

const { certificate, key } = await testCertificate(["chat.example.com", "::1"]);
const until = certificateFacts(certificate).validUntil.toISOString().slice(0, 10);

async function explanation(text: string): Promise<Record<string, readonly (readonly string[])[]>> {
  const folder = await configFolder({ "g.yaml": text, "c.pem": certificate, "k.pem": key, "site/x": "" });
  const paragraphs = explainConfig(await loadConfig(join(folder, "g.yaml")));
  const rows = paragraphs.map(({ title, rows }) => {
    return [title, rows.map((row) => row.map((cell) => cell.replaceAll(folder, "@")))] as const;
  });
  return Object.fromEntries(rows);
}

test("listeners, routes in their order of precedence, upstreams", async () => {
  const text = `
listeners:
  - { name: public, address: "[::]:8443", tls: { certificate: c.pem, key: k.pem }, protocols: [h2] }
  - { address: 127.0.0.1:8080 }
routes:
  - { name: page, root: site }
  - { name: chat, host: chat.example.com, path: /ws, upstream: chat }
  - { name: rooms, pathPrefix: /rooms, upstream: chat, hostField: upstream }
  - { name: other, path: /other, upstream: chat, hostField: other.example }
  - { name: echo, path: /echo, handler: echo }
upstreams:
  chat:
    addresses: [ws://a:1, wss://b]
    connectTimeoutMs: 1500
    command: [node, backend.js]
trustedProxies: [10.0.0.0/8, "::1"]
`;
  expect(await explanation(text)).toMatchObject({
    Listeners: [
      ["public", "https://[::]:8443", "h2", `certificate for chat.example.com, ::1 until ${until}`],
      ["127.0.0.1:8080", "http://127.0.0.1:8080", "h2, http/1.1", "cleartext"],
    ],
    "Routes, of which the first that fits takes the request": [
      ["chat", "chat.example.com, /ws", "→ upstream chat, Host of the client"],
      ["other", "every host, /other", "→ upstream chat, Host other.example"],
      ["echo", "every host, /echo", "→ handler echo"],
      ["rooms", "every host, /rooms and below", "→ upstream chat, Host of its address"],
      ["page", "every host, every path", "→ files in @/site"],
    ],
    Upstreams: [["chat", "ws://a:1, wss://b, started here: node backend.js", "connect in 1500 ms, answer in 10 s"]],
    Operation: [
      ["admin", "http://127.0.0.1:9464: /livez, /readyz, /metrics"],
      ["trusted proxies", "10.0.0.0/8, ::1"],
    ],
  });
});

test("limits in readable units; nothing about upstreams where there are none", async () => {
  const text = `
listeners: [{ address: 127.0.0.1:8080 }]
routes: [{ handler: echo }]
http2: { maxConcurrentStreams: 100, streamWindowBytes: 65535 }
deadlines: { idleConnectionMs: 90000, closeMs: 250 }
`;
  expect(await explanation(text)).toEqual({
    Listeners: expect.anything(),
    "Routes, of which the first that fits takes the request": expect.anything(),
    Limits: [
      ["streams of an HTTP/2 connection", "100"],
      ["bytes sent ahead of their reader", "65535 bytes a stream, so 6553500 bytes a connection"],
      ["bytes sent ahead of hawser", "16 MiB a connection"],
      ["resets of a connection", "1024 at once, 256 a second"],
      ["memory of a connection", "128 MiB"],
      ["fields of an HTTP/2 request", "16 KiB"],
      ["messages to handlers", "1 MiB, 1024 fragments"],
    ],
    Deadlines: [
      ["TLS and first bytes", "10 s"],
      ["fields of a request", "10 s"],
      ["answer to a request", "30 s"],
      ["idle connection", "90 s"],
      ["closing handshake", "250 ms"],
      ["receiver that takes nothing", "1 min"],
      ["drain at the end", "30 s"],
    ],
    Operation: expect.arrayContaining([["trusted proxies", "none"]]),
  });
});
