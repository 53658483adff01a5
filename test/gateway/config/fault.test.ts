import { expect, test } from "vitest";
import { ConfigError, formatPath, nameValue } from "../../../src/gateway/config/fault.ts";

test.each([
  { path: [], written: "" },
  { path: ["routes"], written: "routes" },
  { path: ["routes", 0, "path"], written: "routes[0].path" },
  { path: ["upstreams", "my-chat", "tls"], written: "upstreams.my-chat.tls" },
  { path: ["upstreams", "a b"], written: 'upstreams["a b"]' },
])("$path is written $written", ({ path, written }) => {
  expect(formatPath(path)).toBe(written);
});

test.each([
  { value: undefined, name: "nothing" },
  { value: null, name: "nothing" },
  { value: "ws", name: '"ws"' },
  { value: "x".repeat(100), name: `"${"x".repeat(60)}…"` },
  { value: 3, name: "the number 3" },
  { value: true, name: "true" },
  { value: [], name: "an empty list" },
  { value: [1], name: "a list" },
  { value: {}, name: "a mapping" },
])("$value is called $name", ({ value, name }) => {
  expect(nameValue(value)).toBe(name);
});

test("an error has all its faults in its message, and their count", () => {
  expect(new ConfigError(["one", "two"])).toMatchObject({ name: "ConfigError", message: "one\ntwo", count: 2 });
});
