import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const Day = 86_400_000;
const Base = `
listeners: [{ address: "127.0.0.1:1" }]
routes: [{ upstream: chat }]
upstreams: { chat: { addresses: [ws://chat] } }
`;

/** The warnings of a config, without their place, if it is read `daysLater`. */
async function warningsOf(text: string, daysLater = 0): Promise<string[]> {
  const { certificate, key } = await testCertificate();
  const folder = await configFolder({ "g.yaml": text, "c.pem": certificate, "k.pem": key });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + daysLater * Day });
  onTestFinished(() => void vi.useRealTimers());
  const warnings: string[] = [];
  await loadConfig(join(folder, "g.yaml"), { warn: (warning) => warnings.push(warning) });
  return warnings.map((warning) => warning.replace(/^.*:\d+:\d+: warning: /, "").replace(/\n.*$/s, ""));
}

test.each([
  { text: Base, warnings: [] },
  { text: `${Base}http2: { resetBurst: 1000 }`, warnings: [expect.stringMatching(/^http2.resetBurst: below 4 × /)] },
  { text: `${Base}http2: { maxConcurrentStreams: 300 }`, warnings: [expect.stringMatching(/^http2.resetBurst: /)] },
  {
    text: `${Base}http2: { connectionWindowBytes: 131072 }`,
    warnings: ["http2.connectionWindowBytes: below streamWindowBytes: no stream can use its window"],
  },
  {
    text: `${Base}deadlines: { answerMs: 14999 }`,
    warnings: [
      "upstreams.chat.answerTimeoutMs: deadlines.answerMs (14999) ends before connectTimeoutMs + answerTimeoutMs do",
    ],
  },
  { text: `${Base}deadlines: { answerMs: 15000 }`, warnings: [] },
  {
    text: Base.replace("[ws://chat]", "[ws://a, ws://b, ws://c, ws://d, ws://e]"),
    warnings: [
      "upstreams.chat.answerTimeoutMs: deadlines.answerMs (30000) ends before 5 × connectTimeoutMs + answerTimeoutMs do",
    ],
  },
  {
    text: `${Base}admin: { address: "0.0.0.0:9464" }`,
    warnings: [
      "admin.address: not a loopback address: anybody who reaches it can read the metrics; streams, events, console, reload " +
        "and drain are closed to other machines as long as there is no admin.auth",
    ],
  },
  {
    text: `${Base}admin: { address: "0.0.0.0:9464", auth: { token: 0123456789abcdef } }`,
    warnings: [
      "admin.address: not a loopback address, and it speaks without TLS: who sees the network sees the secret of admin.auth",
    ],
  },
  { text: `${Base}admin: { address: "[::1]:9464" }`, warnings: [] },
  { text: Base.replace("upstream: chat", "handler: echo"), warnings: ["upstreams.chat: no route leads to it"] },
])("$text", async ({ text, warnings }) => {
  expect(await warningsOf(text)).toEqual(warnings);
});

describe("a certificate", () => {
  const text = Base.replace(`:1" }`, `:1", tls: { certificate: c.pem, key: k.pem } }`);
  const at = "listeners[0].tls.certificate: the certificate";
  test.each([
    { daysLater: -3, warnings: [expect.stringMatching(/ is only valid from \d{4}-\d\d-\d\d$/)] },
    { daysLater: 0, warnings: [] },
    { daysLater: 352, warnings: [expect.stringMatching(/ is only valid until \d{4}-\d\d-\d\d$/)] },
    { daysLater: 366, warnings: [expect.stringMatching(/ was valid until \d{4}-\d\d-\d\d$/)] },
  ])("after $daysLater days", async ({ daysLater, warnings }) => {
    const told = await warningsOf(text, daysLater);
    expect(told).toEqual(warnings);
    expect(told.every((warning) => warning.startsWith(at))).toBe(true);
  });

  const pair = "certificate: c.pem, key: k.pem";
  const hidden =
    "listeners[0].tls.certificates[1].certificate: no client is shown it: the ones before it have its names";
  test.each([
    { certificates: `[{ ${pair} }, { ${pair} }]`, warnings: [hidden] },
    { certificates: `[{ ${pair} }, { ${pair}, serverNames: [localhost] }]`, warnings: [hidden] },
    {
      certificates: `[{ ${pair}, serverNames: [other.example] }, { ${pair} }]`,
      warnings: [
        "listeners[0].tls.certificates[0].serverNames[0]: the certificate is not for this name: clients will refuse it",
      ],
    },
  ])("among others: $certificates", async ({ certificates, warnings }) => {
    const several = Base.replace(`:1" }`, `:1", tls: { certificates: ${certificates} } }`);
    expect(await warningsOf(several)).toEqual(warnings);
  });

  test.each([
    { host: "127.0.0.1", warnings: [] },
    { host: "0.0.0.0", warnings: [expect.stringMatching(/^listeners\[0\]\.tls\.selfSigned: for development only: /)] },
  ])("of hawser's own on $host", async ({ host, warnings }) => {
    const text = Base.replace(`"127.0.0.1:1" }`, `"${host}:1", tls: { selfSigned: s.pem } }`);
    expect(await warningsOf(text)).toEqual(warnings);
  });
});

describe("what one would not expect", () => {
  const everySite = "pages of every site may open WebSockets here, with the cookies of whoever looks at them";
  const asOne = "counts all clients behind one of trustedProxies as one, but on a listener with proxyProtocol";
  const alone = "has no effect: ws:// addresses take WebSockets alone; http:// ones take requests too";
  const ofProxy = "of a client behind one of trustedProxies the proxy's address counts: no listener has proxyProtocol";
  const Inside = "access: { clients: { allow: [10.0.0.0/8] } }\n";
  const Limits = "limits: { maxConnectionsPerAddress: 9, openingsPerSecond: 9 }\n";
  test.each([
    { text: `${Base}access: { origins: any }`, warnings: [`access.origins: ${everySite}`] },
    {
      text: Base.replace("upstream: chat", "upstream: chat, origins: any"),
      warnings: [`routes[0].origins: ${everySite}`],
    },
    {
      text: Base.replace("upstream: chat", 'upstream: chat, pathPrefix: "/ws/*"'),
      warnings: ["routes[0].pathPrefix: the star is a star here: a pathPrefix takes all that is below it without one"],
    },
    { text: `${Base}${Limits}`, warnings: [] },
    {
      text: `${Base}${Limits}trustedProxies: [10.0.0.1]`,
      warnings: [`limits.maxConnectionsPerAddress: ${asOne}`, `limits.openingsPerSecond: ${asOne}`],
    },
    { text: `${Base}${Inside}`, warnings: [] },
    {
      text: `${Base.replace("upstream: chat", "upstream: chat, clients: { deny: [10.0.0.9] }")}${Inside}trustedProxies: [10.0.0.1]`,
      warnings: [`routes[0].clients: ${ofProxy}`, `access.clients: ${ofProxy}`],
    },
    {
      text: `${Base.replace(`:1" }`, `:1", proxyProtocol: true }`)}${Limits}${Inside}trustedProxies: [10.0.0.1]`,
      warnings: [],
    },
    {
      text: `${Base}limits: { openingBurst: 3 }`,
      warnings: ["limits.openingBurst: has no effect: there is no openingsPerSecond"],
    },
    { text: `${Base}limits: { openingBurst: 3, openingsPerSecond: 1 }`, warnings: [] },
    {
      text: Base.replace("[ws://chat]", "[ws://chat], responseTimeoutMs: 1, maxWaiting: 1"),
      warnings: [`upstreams.chat.responseTimeoutMs: ${alone}`, `upstreams.chat.maxWaiting: ${alone}`],
    },
    { text: Base.replace("[ws://chat]", "[http://chat], responseTimeoutMs: 1, maxWaiting: 1"), warnings: [] },
    {
      text: Base.replace("[ws://chat]", "[http://chat], responseTimeoutMs: 120000"),
      warnings: [
        "upstreams.chat.responseTimeoutMs: deadlines.responseMs (120000) ends before connectTimeoutMs + responseTimeoutMs do",
      ],
    },
    {
      text: `${Base.replace(`:1" }`, `:1", protocols: [http/1.1] }`)}http2: { maxSessionMemoryMiB: 1 }`,
      warnings: ["http2: has no effect: no listener or upstream has h2"],
    },
    {
      text: Base.replace("[ws://chat]", "[ws://chat], maxStreamsPerConnection: 1"),
      warnings: [
        "upstreams.chat.maxStreamsPerConnection: has no effect: its WebSockets have a connection each, with HTTP/1.1",
      ],
    },
    {
      text: `${Base.replace("[ws://chat]", "[ws://chat], protocol: h2, maxStreamsPerConnection: 1, maxWaiting: 1").replace(`:1" }`, `:1", protocols: [http/1.1] }`)}http2: { maxSessionMemoryMiB: 1 }`,
      warnings: [],
    },
    { text: Base.replace("[ws://chat]", "[wss://chat], maxConnections: 1, maxStreamsPerConnection: 1"), warnings: [] },
    {
      text: `${Base.replace("upstream: chat", "upstream: chat, host: b.example")}access: { hosts: ["*.example.com"] }`,
      warnings: ["routes[0].host: has no effect: access.hosts does not have it, so no request gets here"],
    },
    {
      text: `${Base.replace("upstream: chat", "upstream: chat, host: b.example.com")}access: { hosts: ["*.example.com"] }`,
      warnings: [],
    },
    {
      text: `${Base}deadlines: { closeSpreadMs: 30000 }`,
      warnings: [
        "deadlines.closeSpreadMs: not below drainMs (30000): a drain cuts WebSockets before their Close is due",
      ],
    },
  ])("$text", async ({ text, warnings }) => {
    expect(await warningsOf(text)).toEqual(warnings);
  });
});
