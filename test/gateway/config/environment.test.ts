import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { substitute } from "../../../src/gateway/config/environment.ts";
import { formatPath } from "../../../src/gateway/config/fault.ts";

const Environment = { HOST: "chat.example.com", PORT: "8443", EMPTY: "", FLAG: "true", OFF: "off", NESTED: "${HOST}" };

function substituted(value: unknown, environment: Readonly<Record<string, string>> = Environment) {
  const { value: replaced, faults } = substitute(value, environment);
  return { replaced, faults: faults.map(({ path, at, message }) => `${formatPath(path)} (${at}): ${message}`) };
}

test.each([
  { written: "plain", text: "plain" },
  { written: "${HOST}", text: "chat.example.com" },
  { written: "${HOST}:${PORT}", text: "chat.example.com:8443" },
  { written: "[::]:${PORT:-1}", text: "[::]:8443" },
  { written: "${NONE:-standard}", text: "standard" },
  { written: "${NONE:-}", text: "" },
  { written: "${NONE:-a:-b: c}", text: "a:-b: c" },
  { written: "${NONE:-two\nlines}", text: "two\nlines" },
  { written: "${EMPTY}", text: "" },
  { written: "${EMPTY:-standard}", text: "standard" },
  { written: "${NESTED}", text: "${HOST}" },
  { written: "$${HOST}", text: "${HOST}" },
  { written: "$$${HOST}", text: "$${HOST}" },
  { written: "$${HOST} is ${HOST}", text: "${HOST} is chat.example.com" },
  { written: "$HOST $$ {HOST} $(HOST)", text: "$HOST $$ {HOST} $(HOST)" },
])("$written becomes $text", ({ written, text }) => {
  expect(substituted({ include: [written] })).toEqual({ replaced: { include: [text] }, faults: [] });
});

describe("what cannot be replaced is a fault with its place", () => {
  const Form = "expected ${NAME} or ${NAME:-default}; $${ is a ${ that means nothing";
  const Lacks = (name: string) => `there is no ${name} in the environment; \${${name}:-…} has a default`;
  test.each([
    { written: "${NONE}", message: Lacks("NONE") },
    { written: "${HOST}${NONE}${NONE2}", message: Lacks("NONE") },
    { written: "${constructor}", message: Lacks("constructor") },
    { written: "${__proto__}", message: Lacks("__proto__") },
    { written: "${}", message: Form },
    { written: "${1}", message: Form },
    { written: "${A B}", message: Form },
    { written: "${A-b}", message: Form },
    { written: "${HOST", message: Form },
    { written: "${NONE:-a: {c", message: Form },
    { written: "${NONE:-${HOST}}", message: Form },
  ])("$written", ({ written, message }) => {
    const { faults } = substituted({ routes: [{}, { host: written }] });
    expect(faults).toEqual([`routes[1].host (value): ${message}`]);
  });
});

test("keys stay as they are", () => {
  const value = { "${HOST}": { __proto__: null, "${PORT}": 1 }, ["__proto__"]: "${HOST}" };
  expect(Object.entries(Object(substituted(value).replaced))).toEqual([
    ["${HOST}", { "${PORT}": 1 }],
    ["__proto__", "chat.example.com"],
  ]);
});

describe("the value is text, but a number, or true or false, where the option wants one", () => {
  test.each([
    { value: { limits: { maxStreams: "${PORT}" } }, replaced: { limits: { maxStreams: 8443 } } },
    { value: { limits: { maxStreamsPerAddress: "${PORT}" } }, replaced: { limits: { maxStreamsPerAddress: 8443 } } },
    { value: { limits: { maxStreamsPerAddress: "${OFF}" } }, replaced: { limits: { maxStreamsPerAddress: "off" } } },
    { value: { reload: { watch: "${FLAG}" } }, replaced: { reload: { watch: true } } },
    { value: { reload: { watch: "${NONE:-false}" } }, replaced: { reload: { watch: false } } },
    { value: { relays: { maxAgeJitter: "${NONE:-.5}" } }, replaced: { relays: { maxAgeJitter: 0.5 } } },
    { value: { limits: { maxStreams: "1${NONE:-0}0" } }, replaced: { limits: { maxStreams: 100 } } },
    { value: { limits: { maxStreams: "${NONE:-[1]}" } }, replaced: { limits: { maxStreams: "[1]" } } },
    { value: { limits: { maxStreams: "${NONE:-~}" } }, replaced: { limits: { maxStreams: "~" } } },
    { value: { routes: [{ limits: { idleMs: "${PORT}" } }] }, replaced: { routes: [{ limits: { idleMs: 8443 } }] } },
    { value: { routes: [{ host: "${PORT}" }] }, replaced: { routes: [{ host: "8443" }] } },
    {
      value: { upstreams: { chat: { maxWaiting: "${PORT}", command: ["node", "${PORT}"] } } },
      replaced: { upstreams: { chat: { maxWaiting: 8443, command: ["node", "8443"] } } },
    },
  ])("$value", ({ value, replaced }) => {
    expect(substituted(value)).toEqual({ replaced, faults: [] });
  });
});

test("whatever a variable has, it is one text in its place", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom("a: b", "[1, 2]", "{ a: b }", "- x\n- y", "&a *a", "# x", "!!int 3", "\n---\n", "'\"", "${HOST}"),
  );
  const Value = { routes: [{ host: "${X}", path: "/a${X}b" }], upstreams: { chat: { addresses: ["${X}"] } } };
  fc.assert(
    fc.property(anyText, fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "BLOCK_LITERAL"), (text, defaultStringType) => {
      const written: unknown = parse(stringify(Value, { defaultStringType, defaultKeyType: "PLAIN" }));
      const trimmed = JSON.parse(JSON.stringify(written).replaceAll("\\n", ""));
      expect(substituted(trimmed, { X: text }).replaced).toEqual({
        routes: [{ host: text, path: `/a${text}b` }],
        upstreams: { chat: { addresses: [text] } },
      });
    }),
  );
});
