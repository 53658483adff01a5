import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatPath } from "../../../src/gateway/config/fault.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { configWarnings } from "../../../src/gateway/config/warnings.ts";
import { testCertificate } from "../../support/certificates.ts";
import { configFolder } from "../../support/config-folder.ts";

const Day = 86_400_000;
const Base = `
listeners: [{ address: "127.0.0.1:1" }]
routes: [{ upstream: chat }]
upstreams: { chat: { addresses: [ws://chat] } }
`;

async function warningsOf(text: string, now = new Date()): Promise<string[]> {
  const { certificate, key } = await testCertificate();
  const folder = await configFolder({ "g.yaml": text, "c.pem": certificate, "k.pem": key });
  const config = await loadConfig(join(folder, "g.yaml"));
  return configWarnings(config, now).map(({ path, message }) => `${formatPath(path)}: ${message}`);
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
      "admin.address: not a loopback address, and there is no authentication: anybody who reaches it can read the metrics",
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
    { daysLater: 0, warnings: [] },
    { daysLater: 352, warnings: [expect.stringMatching(/ is only valid until \d{4}-\d\d-\d\d$/)] },
    { daysLater: 366, warnings: [expect.stringMatching(/ was valid until \d{4}-\d\d-\d\d$/)] },
  ])("after $daysLater days", async ({ daysLater, warnings }) => {
    const told = await warningsOf(text, new Date(Date.now() + daysLater * Day));
    expect(told).toEqual(warnings);
    expect(told.every((warning) => warning.startsWith(at))).toBe(true);
  });
});
