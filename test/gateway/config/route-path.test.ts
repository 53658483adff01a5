import * as fc from "fast-check";
import { expect, test } from "vitest";
import { comparablePrefix } from "../../../src/gateway/config/route-path.ts";
import { comparablePath } from "../../../src/protocol/handshake/request-target.ts";

test.each([
  ["/ws", "/ws"],
  ["/", "/"],
  ["/%77s", "/ws"],
  ["/a%2Fb", "/a/b"],
  ["/a%2fb", "/a/b"],
  [String.raw`/a\b`, "/a/b"],
  ["/a%5cb", "/a/b"],
  ["//a///b", "/a/b"],
  ["/a/", "/a/"],
  ["/%25", "/%"],
  ["/100%", "/100%"],
  ["/%zz", "/%zz"],
  ["/...", "/..."],
  ["/a..b/.c", "/a..b/.c"],
  ["/caf%C3%A9", "/caf\u00c3\u00a9"],
])("%s compares as %s", (path, comparable) => {
  expect(comparablePath(path)).toBe(comparable);
});

test.each([
  "/.",
  "/..",
  "/a/../b",
  "/a/./b",
  "/a/..",
  "/a/%2e%2E/b",
  "/a/.%2e/b",
  "/a%2f..%2fb",
  String.raw`/a\..\b`,
  "/a%5c..%5cb",
  "/a/..;/b",
  "/a/..;x=1/b",
  "/a//..//b",
])("%s belongs to no route", (path) => {
  expect(comparablePath(path)).toBeUndefined();
});

test.each([
  ["/ws", "/ws"],
  ["/ws/", "/ws"],
  ["/", ""],
  ["//", ""],
  ["/..", undefined],
])("the prefix %s compares as %s", (path, comparable) => {
  expect(comparablePrefix(path)).toBe(comparable);
});

test("writing a path with more percent-encoding never changes what it compares as", () => {
  const anyPath = fc
    .string({ unit: fc.constantFrom("/", ".", ";", "a", "\\", "-"), minLength: 1 })
    .map((path) => `/${path}`);
  fc.assert(
    fc.property(anyPath, fc.func(fc.boolean()), (path, isEncoded) => {
      const written = Array.from(path, (letter, i) =>
        i > 0 && isEncoded(i) ? `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}` : letter,
      ).join("");
      expect(comparablePath(written)).toBe(comparablePath(path));
    }),
  );
});
