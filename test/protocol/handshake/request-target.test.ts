import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  comparableHost,
  comparablePath,
  formatAuthority,
  tryAuthority,
  wildcardOf,
} from "../../../src/protocol/handshake/request-target.ts";

test.each([
  ["Chat.Example.COM", "chat.example.com"],
  ["chat.example.com.", "chat.example.com"],
  ["::1", "::1"],
])("the host %s compares as %s", (host, comparable) => {
  expect(comparableHost(host)).toBe(comparable);
});

test.each([
  ["a.example.com", "*.example.com"],
  ["a.b.example.com", "*.b.example.com"],
  ["localhost", "localhost"],
])("a wildcard has the host %s as %s", (host, wildcard) => {
  expect(wildcardOf(host)).toBe(wildcard);
});

test.each([
  { text: "chat.example.com", host: "chat.example.com", port: undefined },
  { text: "Chat.example.com.:8443", host: "Chat.example.com.", port: 8443 },
  { text: "a_b.example", host: "a_b.example", port: undefined },
  { text: "127.0.0.1:80", host: "127.0.0.1", port: 80 },
  { text: "[2001:DB8::1]:443", host: "2001:DB8::1", port: 443 },
  { text: `${"a".repeat(63)}.example`, host: `${"a".repeat(63)}.example`, port: undefined },
])("$text is an authority", ({ text, ...authority }) => {
  expect(tryAuthority(text)).toEqual(authority);
  expect(formatAuthority(authority)).toBe(text);
});

test.each([
  { what: "nothing", text: "" },
  { what: "no host", text: ":80" },
  { what: "an empty port", text: "a:" },
  { what: "a port that is none", text: "a:65536" },
  { what: "a user", text: "user@a" },
  { what: "a list", text: "a,b" },
  { what: "a path", text: "a/b" },
  { what: "an address without brackets", text: "::1" },
  { what: "brackets without an address", text: "[a]" },
  // One server reads these as another host than the next: what one of them lets in, the other must not serve.
  { what: "percent-encoding", text: "a%2eexample.com" },
  { what: "two final dots", text: "example.com.." },
  { what: "a dot alone", text: "." },
  { what: "an empty label at the front", text: ".example.com" },
  { what: "an empty label", text: "a..example.com" },
  { what: "a name that is too long", text: `${"a.".repeat(127)}aa` },
])("$what is no authority", ({ text }) => {
  expect(tryAuthority(text)).toBeUndefined();
});

test("what is nearly an authority is refused soon", () => {
  const startedAt = performance.now();
  expect(tryAuthority(`${"a.".repeat(50_000)}!`)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});

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
])("%s is nobody's path", (path) => {
  expect(comparablePath(path)).toBeUndefined();
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
