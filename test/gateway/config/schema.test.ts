import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigSchema, Name } from "../../../src/gateway/config/schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

const Smallest = { listeners: [{ address: "127.0.0.1:8443" }], routes: [{ path: "/echo", handler: "echo" }] };

test("what a file does not say has its default", () => {
  expect(ConfigSchema.parse(Smallest)).toEqual({
    listeners: [{ address: { host: "127.0.0.1", port: 8443 }, protocols: ["h2", "http/1.1"] }],
    routes: [{ path: "/echo", handler: "echo", hostField: { type: "keep" } }],
    upstreams: {},
    admin: { address: { host: "127.0.0.1", port: 9464 } },
    http2: {
      maxConcurrentStreams: 256,
      streamWindowBytes: 262_144,
      connectionWindowBytes: 16_777_216,
      resetBurst: 1_024,
      resetsPerSecond: 256,
      maxSessionMemoryMiB: 128,
      maxHeaderListBytes: 16_384,
    },
    deadlines: {
      handshakeMs: 10_000,
      headersMs: 10_000,
      answerMs: 30_000,
      idleConnectionMs: 300_000,
      closeMs: 5_000,
      writeStallMs: 60_000,
      drainMs: 30_000,
    },
    handlers: { maxMessageBytes: 1_048_576, maxFragments: 1_024 },
    trustedProxies: [],
  });
  expect(
    ConfigSchema.parse({ ...Smallest, upstreams: { chat: { addresses: ["ws://chat"] } } }).upstreams,
  ).toMatchObject({
    chat: { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000 },
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

describe("every option", () => {
  const options = [...leaves("", z.toJSONSchema(ConfigSchema, { io: "input" }))];

  test.each(options)("$path says what it means", ({ schema }) => {
    expect(schema.description).toMatch(/^[A-Z].*[.:/]/);
  });

  test.each(options.filter(({ path }) => /(?:Ms|Bytes|MiB)$/.test(path)))(
    "$path has a default and bounds",
    ({ schema }) => {
      expect(schema).toMatchObject({ type: "integer", default: expect.any(Number), minimum: expect.any(Number) });
      expect(schema.default).toBeGreaterThanOrEqual(schema.minimum ?? 0);
      expect(schema.default).toBeLessThanOrEqual(schema.maximum ?? 0);
    },
  );

  test("is found", () => {
    expect(options.length).toBeGreaterThan(35);
  });
});

/** The options below `schema` that have no options below them. */
function* leaves(path: string, schema: JsonSchema): Generator<{ readonly path: string; readonly schema: JsonSchema }> {
  const below = new Map<string, unknown>(Object.entries(schema.properties ?? {}));
  if (typeof schema.additionalProperties === "object") below.set("*", schema.additionalProperties);
  if (typeof schema.items === "object" && "properties" in schema.items) below.set("[]", schema.items);
  if (below.size === 0) yield { path, schema };
  for (const [name, inner] of below) yield* leaves(`${path}.${name}`, inner as JsonSchema);
}
