import { describe, expect, test } from "vitest";
import { z } from "zod";
import { valueAt } from "../../../src/gateway/config/raw-config.ts";
import { Name } from "../../../src/gateway/config/schema-parts.ts";
import { ConfigSchema } from "../../../src/gateway/config/schema.ts";
import { documentedOptions } from "../../support/documented-options.ts";

const Smallest = { listeners: [{ address: "127.0.0.1:8443" }], routes: [{ path: "/echo", handler: "echo" }] };

test("what a file does not say has its default", () => {
  expect(ConfigSchema.parse(Smallest)).toEqual({
    include: [],
    listeners: [{ address: { host: "127.0.0.1", port: 8443 }, proxyProtocol: false, protocols: ["h2", "http/1.1"] }],
    routes: [
      {
        path: "/echo",
        handler: "echo",
        hostField: { type: "keep" },
        clients: { allow: [], deny: [] },
        maxStreams: undefined,
        limits: {},
      },
    ],
    upstreams: {},
    admin: { address: { host: "127.0.0.1", port: 9464 }, hosts: [], showClients: true, topStreams: 20 },
    access: { hosts: [], origins: "same", clients: { allow: [], deny: [] } },
    limits: {
      maxConnections: 16_384,
      maxConnectionsPerAddress: undefined,
      maxHandshakes: 16,
      maxStreams: 32_768,
      maxStreamsPerConnection: 256,
      maxStreamsPerAddress: undefined,
      openingsPerSecond: undefined,
      openingBurst: 100,
      maxHeaderBytes: 16_384,
      maxHeaderCount: 256,
    },
    relays: {
      maxMessageBytes: undefined,
      maxFrameBytes: undefined,
      maxFragments: undefined,
      maxBufferedBytes: 65_536,
      idleMs: undefined,
      maxAgeMs: undefined,
      maxAgeJitter: 0.1,
    },
    handlers: {
      compress: false,
      maxMessageBytes: 1_048_576,
      maxFrameBytes: undefined,
      maxFragments: 1_024,
      maxBufferedBytes: 16_777_216,
      idleMs: 300_000,
      maxAgeMs: undefined,
      maxAgeJitter: 0.1,
    },
    http2: {
      maxConcurrentStreams: 256,
      streamWindowBytes: 1_048_576,
      connectionWindowBytes: 16_777_216,
      resetBurst: 1_024,
      resetsPerSecond: 256,
      maxSessionMemoryMiB: 128,
      engine: "hawser",
    },
    deadlines: {
      handshakeMs: 10_000,
      headersMs: 10_000,
      answerMs: 30_000,
      responseMs: 120_000,
      bodyIdleMs: 60_000,
      idleConnectionMs: 300_000,
      closeMs: 5_000,
      writeStallMs: 60_000,
      drainMs: 30_000,
      closeSpreadMs: 10_000,
    },
    reload: { watch: true, changedRouteMs: 3_600_000 },
    log: { format: "auto", openStreamMs: 300_000, requests: true },
    tracing: { sampleRatio: 0.01, serviceName: "hawser" },
    workers: 1,
    trustedProxies: [],
  });
  const { upstreams } = ConfigSchema.parse({ ...Smallest, upstreams: { chat: { addresses: ["ws://chat"] } } });
  expect(upstreams).toMatchObject({
    chat: {
      sourceAddresses: [],
      connectTimeoutMs: 5_000,
      answerTimeoutMs: 10_000,
      responseTimeoutMs: 60_000,
      maxConnections: 1_024,
      maxWaiting: 1_024,
    },
  });
});

describe("hostField", () => {
  test.each([
    { written: "keep", hostField: { type: "keep" } },
    { written: "upstream", hostField: { type: "upstream" } },
    { written: "chat.example.com:8443", hostField: { type: "literal", authority: "chat.example.com:8443" } },
  ])("$written", ({ written, hostField }) => {
    const { routes } = ConfigSchema.parse({ ...Smallest, routes: [{ upstream: "chat", hostField: written }] });
    expect(routes).toMatchObject([{ hostField }]);
  });
});

test.each([
  { name: "chat", isName: true },
  { name: "chat-2.internal_x", isName: true },
  { name: "x".repeat(63), isName: true },
  { name: "x".repeat(64), isName: false },
  { name: "-chat", isName: false },
  { name: "", isName: false },
  { name: "a b", isName: false },
  { name: "a\n", isName: false },
  { name: "__proto__", isName: false },
])("$name is a name: $isName", ({ name, isName }) => {
  expect(Name.safeParse(name).success).toBe(isName);
});

describe("a limit", () => {
  const Off = { ...Smallest, limits: { maxStreamsPerAddress: "off" }, log: { openStreamMs: "off" } };
  test.each([
    { path: ["limits", "maxStreamsPerAddress"], value: undefined },
    { path: ["log", "openStreamMs"], value: undefined },
  ])("that is off is none: $path", ({ path, value }) => {
    expect(valueAt(ConfigSchema.parse(Off), path)).toBe(value);
  });

  test("of a route is there if it is written, also as off", () => {
    const { routes } = ConfigSchema.parse({
      ...Smallest,
      routes: [{ handler: "echo", limits: { idleMs: "off", maxFragments: 3 } }],
    });
    expect(Object.entries(routes[0]?.limits ?? {})).toEqual([
      ["maxFragments", 3],
      ["idleMs", undefined],
    ]);
  });
});

describe("every option", () => {
  const options = documentedOptions(z.toJSONSchema(ConfigSchema, { io: "input" }));

  test.each(options)("$path says what it means", ({ meaning }) => {
    expect(meaning).toMatch(/^[A-Z].*[.:/]/);
  });

  test.each(options.filter(({ isNumber }) => isNumber))("$path has a unit and bounds", (option) => {
    expect(option).toMatchObject({
      unit: expect.stringMatching(/./),
      minimum: expect.any(Number),
      maximum: expect.any(Number),
    });
  });

  test.each(options.filter(({ standard }) => standard !== undefined))("$path may have its default", (option) => {
    const parts = option.path.split(".");
    expect(faultsWith(parts, option.standard)).toEqual([]);
    expect(faultsWith(parts, { no: "option" })).not.toEqual([]);
  });

  test("is found", () => {
    expect(options.length).toBeGreaterThan(90);
  });
});

/** What the schema has against a config in which the option at `parts` is `value`. */
function faultsWith(parts: readonly string[], value: unknown): unknown[] {
  const config: unknown = parts.reduceRight<unknown>((inner, part) => {
    if (part.endsWith("[]")) return { [part.slice(0, -2)]: [inner] };
    return { [part === "NAME" ? "chat" : part]: inner };
  }, value);
  const place = parts.flatMap((part) => {
    if (part.endsWith("[]")) return [part.slice(0, -2), 0];
    return [part === "NAME" ? "chat" : part];
  });
  // What the rest of such a config lacks is no matter.
  const issues = ConfigSchema.safeParse(config).error?.issues ?? [];
  return issues.filter(({ path }) => place.every((step, i) => path[i] === step));
}
