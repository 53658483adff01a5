import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Config } from "../../../src/gateway/config/config.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const mine = await testCertificate(["chat.example.com"]);

test("each option becomes what the gateway works with", async () => {
  const folder = await configFolder({
    "tls/c.pem": mine.certificate,
    "tls/k.pem": mine.key,
    "on.mjs": "",
    "site/x": "",
  });
  const file = join(folder, "g.yaml");
  await writeFile(
    file,
    `
listeners:
  - { name: public, address: "[::]:8443", tls: { certificate: tls/c.pem, key: tls/k.pem }, protocols: [h2] }
  - { address: "[::1]:8080", proxyProtocol: true }
  - address: 127.0.0.1:8081
    tls:
      certificates:
        - { certificate: tls/c.pem, key: tls/k.pem, clientCertificates: { ca: tls/c.pem, required: false } }
        - { certificate: tls/c.pem, key: tls/k.pem, serverNames: ["*.Example.com"] }
routes:
  - name: chat
    host: Chat.Example.com.
    path: /%77s
    upstream: chat
    hostField: upstream
    origins: ["https://*.Example.com:443"]
    clients: { deny: [10.0.0.1] }
    maxStreams: 3
    limits: { maxMessageBytes: 9, maxBufferedBytes: 1024 }
  - { host: chat.example.com, pathPrefix: /on/, handler: ./on.mjs, origins: any, limits: { idleMs: off } }
  - { root: site }
upstreams:
  chat:
    addresses: [ws://a, wss://b, ws+unix:run/c.sock, ws+unix:///run/d.sock]
    tls: { ca: tls/c.pem, serverName: c.internal, verify: false }
    command: [node, backend.js]
  web: { addresses: [http://a, https://b, http+unix:w.sock], sourceAddresses: [10.0.0.5], maxWaiting: 0 }
access: { hosts: ["*.Example.com", localhost], origins: [https://a], clients: { allow: [10.0.0.0/8] } }
relays: { maxFrameBytes: 8, maxBufferedBytes: 2048 }
handlers: { maxAgeMs: 7 }
limits: { openingsPerSecond: 5, openingBurst: 6 }
trustedProxies: [10.0.0.0/8]
`,
  );
  const tls = { serverName: "c.internal", ca: mine.certificate, verify: false };
  const certificate = { ...mine, serverNames: ["chat.example.com"], clientCertificates: undefined };
  const noClients = { allow: [], deny: [] };
  const relay = {
    maxMessageBytes: undefined,
    maxFrameBytes: 8,
    maxFragments: undefined,
    maxBufferedBytes: 2_048,
    idleMs: undefined,
    maxAgeMs: undefined,
    maxAgeJitter: 0.1,
  };
  const timeouts = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000 };
  const upstream = { sourceAddresses: [], protocol: "auto", ...timeouts, command: undefined } as const;
  const requests = {
    responseTimeoutMs: 60_000,
    maxConnections: 1_024,
    maxStreamsPerConnection: 256,
    maxWaiting: 1_024,
  };
  const expected: Omit<Config, "http2" | "deadlines" | "reload" | "log"> = {
    folder,
    tracing: undefined,
    files: [file, join(folder, "tls/c.pem"), join(folder, "tls/k.pem")],
    listeners: [
      {
        name: "public",
        host: "::",
        port: 8443,
        certificates: [certificate],
        protocols: ["h2"],
        proxyProtocol: false,
      },
      {
        name: "[::1]:8080",
        host: "::1",
        port: 8080,
        certificates: undefined,
        protocols: ["h2", "http/1.1"],
        proxyProtocol: true,
      },
      {
        name: "127.0.0.1:8081",
        host: "127.0.0.1",
        port: 8081,
        certificates: [
          { ...certificate, clientCertificates: { ca: mine.certificate, required: false } },
          { ...certificate, serverNames: ["*.example.com"] },
        ],
        protocols: ["h2", "http/1.1"],
        proxyProtocol: false,
      },
    ],
    routes: [
      {
        name: "chat",
        host: "chat.example.com",
        match: "exact",
        path: "/ws",
        target: { type: "upstream", upstream: "chat", hostField: { type: "upstream" } },
        origins: { type: "list", origins: ["https://*.example.com"] },
        clients: { allow: [], deny: ["10.0.0.1"] },
        maxStreams: 3,
        streams: { ...relay, maxMessageBytes: 9, maxBufferedBytes: 1_024 },
      },
      {
        name: "chat.example.com/on/*",
        host: "chat.example.com",
        match: "prefix",
        path: "/on",
        target: { type: "handler", handler: join(folder, "on.mjs"), compress: false },
        origins: { type: "any" },
        clients: noClients,
        maxStreams: undefined,
        streams: {
          maxMessageBytes: 1_048_576,
          maxFrameBytes: undefined,
          maxFragments: 1_024,
          maxBufferedBytes: 16_777_216,
          idleMs: undefined,
          maxAgeMs: 7,
          maxAgeJitter: 0.1,
        },
      },
      {
        name: "/*",
        host: undefined,
        match: "prefix",
        path: "",
        target: { type: "root", folder: join(folder, "site") },
        origins: { type: "list", origins: ["https://a"] },
        clients: noClients,
        maxStreams: undefined,
        streams: relay,
      },
    ],
    upstreams: [
      {
        ...upstream,
        ...requests,
        name: "chat",
        takesRequests: false,
        addresses: [
          { url: "ws://a", authority: "a", transport: { type: "tcp", host: "a", port: 80 }, tls: undefined },
          { url: "wss://b", authority: "b", transport: { type: "tcp", host: "b", port: 443 }, tls },
          {
            url: `ws+unix://${folder}/run/c.sock`,
            authority: "localhost",
            transport: { type: "unix", path: join(folder, "run/c.sock") },
            tls: undefined,
          },
          {
            url: "ws+unix:///run/d.sock",
            authority: "localhost",
            transport: { type: "unix", path: "/run/d.sock" },
            tls: undefined,
          },
        ],
        command: ["node", "backend.js"],
      },
      {
        ...upstream,
        ...requests,
        name: "web",
        takesRequests: true,
        addresses: [
          { url: "http://a", authority: "a", transport: { type: "tcp", host: "a", port: 80 }, tls: undefined },
          {
            url: "https://b",
            authority: "b",
            transport: { type: "tcp", host: "b", port: 443 },
            tls: { serverName: undefined, ca: undefined, verify: true },
          },
          {
            url: `http+unix://${folder}/w.sock`,
            authority: "localhost",
            transport: { type: "unix", path: join(folder, "w.sock") },
            tls: undefined,
          },
        ],
        sourceAddresses: ["10.0.0.5"],
        maxWaiting: 0,
      },
    ],
    admin: { host: "127.0.0.1", port: 9464, auth: undefined, hosts: [], showClients: true, topStreams: 20 },
    access: { hosts: ["*.example.com", "localhost"], clients: { allow: ["10.0.0.0/8"], deny: [] } },
    limits: {
      maxConnections: 16_384,
      maxConnectionsPerAddress: undefined,
      maxHandshakes: 16,
      maxStreams: 32_768,
      maxStreamsPerConnection: 256,
      maxStreamsPerAddress: undefined,
      openingRate: { perSecond: 5, burst: 6 },
      maxHeaderBytes: 16_384,
      maxHeaderCount: 256,
    },
    trustedProxies: ["10.0.0.0/8"],
    workers: 1,
  };
  expect(await loadConfig(file)).toEqual(expect.objectContaining(expected));
});

test("without `tls`, the certificates of wss:// addresses are checked against the system's authorities", async () => {
  const folder = await configFolder({
    "g.yaml": `listeners: [{ address: "a:1" }]\nroutes: [{ upstream: u }]\nupstreams: { u: { addresses: [wss://a] } }`,
  });
  const { upstreams } = await loadConfig(join(folder, "g.yaml"));
  expect(upstreams[0]?.addresses[0]?.tls).toEqual({ serverName: undefined, ca: undefined, verify: true });
});
