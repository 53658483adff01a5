import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HostList,
  OriginCheck,
  tryHostPattern,
  tryOriginPattern,
  type OriginPredicate,
} from "../../../src/protocol/handshake/access.ts";

interface Asked {
  readonly at?: string;
  readonly over?: "http" | "https";
  readonly allowed?: readonly string[] | OriginPredicate | "any";
}

/** Whether a page of `origin` may open a WebSocket; several origins are several lines. */
function passes(origin: string | readonly string[], { at = "example.com", over = "https", allowed = [] }: Asked = {}) {
  const fields = [origin].flat().flatMap((value) => ["origin", value]);
  return new OriginCheck(allowed).allows({ authority: at, scheme: over, fields: ["cookie", "a=1", ...fields] });
}

describe("the request's own origin", () => {
  test.each([
    // origin of the page             authority             request over
    { origin: "https://example.com", at: "example.com", over: "https", pass: true },
    { origin: "https://example.com", at: "EXAMPLE.com.", over: "https", pass: true },
    { origin: "HTTPS://Example.COM.", at: "example.com", over: "https", pass: true },
    { origin: "https://example.com", at: "example.com:443", over: "https", pass: true },
    { origin: "https://example.com:443", at: "example.com", over: "https", pass: true },
    { origin: "https://example.com:8443", at: "example.com:8443", over: "https", pass: true },
    { origin: "https://[2001:db8::1]:8443", at: "[2001:DB8::1]:8443", over: "https", pass: true },
    { origin: "http://example.com", at: "example.com", over: "http", pass: true },
    { origin: "http://example.com", at: "example.com:80", over: "http", pass: true },
    { origin: "http://127.0.0.1:8080", at: "127.0.0.1:8080", over: "http", pass: true },
    { origin: "https://example.com", at: "example.com", over: "https", pass: true },
    // behind a proxy that takes the TLS off
    { origin: "https://example.com", at: "example.com", over: "http", pass: true },
    { origin: "https://example.com", at: "example.com:443", over: "http", pass: true },
    { origin: "https://example.com:8443", at: "example.com:8443", over: "http", pass: true },
    { origin: "https://example.com", at: "example.com:8443", over: "http", pass: false },
    { origin: "https://example.com:8443", at: "example.com", over: "http", pass: false },
    // a page that anybody on the wire can forge
    { origin: "http://example.com", at: "example.com", over: "https", pass: false },
    { origin: "http://example.com:443", at: "example.com", over: "https", pass: false },
    { origin: "http://example.com:8443", at: "example.com:8443", over: "https", pass: false },
    // another port, another host
    { origin: "https://example.com:8443", at: "example.com", over: "https", pass: false },
    { origin: "https://example.com", at: "example.com:8443", over: "https", pass: false },
    { origin: "https://evil.example", at: "example.com", over: "https", pass: false },
    { origin: "https://a.example.com", at: "example.com", over: "https", pass: false },
    { origin: "https://example.com.evil.example", at: "example.com", over: "https", pass: false },
    { origin: "https://evilexample.com", at: "example.com", over: "https", pass: false },
    { origin: "https://%65xample.com", at: "example.com", over: "https", pass: false },
    // no site can be one with these
    { origin: "ftp://example.com:443", at: "example.com:443", over: "http", pass: false },
    { origin: "chrome-extension://example.com", at: "example.com", over: "https", pass: false },
    { origin: "https://example.com", at: "user@example.com", over: "https", pass: false },
  ] as const)("$origin at $at over $over: $pass", ({ origin, pass, ...asked }) => {
    expect(passes(origin, asked)).toBe(pass);
  });

  test("is every origin's, whatever host and port", () => {
    const host = fc.domain();
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    fc.assert(
      fc.property(host, port, fc.constantFrom("http", "https"), (name, number, over) => {
        const at = number === undefined ? name : `${name}:${number}`;
        expect(passes(`${over}://${at}`, { at, over })).toBe(true);
        expect(passes(`${over}://x${at}`, { at, over })).toBe(false);
      }),
    );
  });
});

test.each([
  { what: "null", origin: "null" },
  { what: "nothing", origin: "" },
  { what: "a path", origin: "https://example.com/" },
  { what: "a query", origin: "https://example.com?a" },
  { what: "a user", origin: "https://user@example.com" },
  { what: "a list", origin: "https://example.com https://evil.example" },
  { what: "no scheme", origin: "example.com" },
  { what: "no host", origin: "https://" },
  { what: "a port that is none", origin: "https://example.com:65536" },
  { what: "an empty port", origin: "https://example.com:" },
  { what: "a wildcard", origin: "https://*.example.com" },
  { what: "a comma", origin: "https://example.com,https://evil.example" },
])("an origin that is $what passes under `any` alone", ({ origin }) => {
  expect(passes(origin)).toBe(false);
  expect(passes(origin, { allowed: ["https://*.example.com"] })).toBe(false);
  expect(passes(origin, { allowed: "any" })).toBe(true);
});

test("no origin passes, several never do", () => {
  for (const allowed of [[], ["https://app.example.com"], "any"] as const) {
    expect(passes([], { allowed })).toBe(true);
    expect(passes(["https://example.com", "https://example.com"], { allowed })).toBe(false);
  }
});

test("a predicate decides alone, also about the own origin and about none, but never about several", () => {
  const asked: (string | undefined)[] = [];
  const allowed: OriginPredicate = (origin, { authority }) => {
    asked.push(origin);
    return origin === "https://app.example.org" && authority === "example.com";
  };
  expect(passes("https://app.example.org", { allowed })).toBe(true);
  expect(passes("https://example.com", { allowed })).toBe(false);
  expect(passes([], { allowed })).toBe(false);
  expect(passes(["https://app.example.org", "https://app.example.org"], { allowed })).toBe(false);
  expect(asked).toEqual(["https://app.example.org", "https://example.com", undefined]);
});

describe("origins that are listed", () => {
  test.each([
    { origin: "https://app.example.org", pass: true },
    { origin: "https://app.example.org:443", pass: true },
    { origin: "https://APP.example.org.", pass: true },
    { origin: "http://app.example.org", pass: false },
    { origin: "https://app.example.org:8443", pass: false },
    { origin: "https://a.wild.example", pass: true },
    { origin: "https://a.b.wild.example", pass: false },
    { origin: "https://wild.example", pass: false },
    { origin: "https://.wild.example", pass: false },
    { origin: "https://a.wild.example.evil.example", pass: false },
    { origin: "http://a.ports.example:3000", pass: true },
    { origin: "http://a.ports.example", pass: false },
    { origin: "http://plain.example", pass: true },
    { origin: "chrome-extension://abcdef", pass: true },
    { origin: "moz-extension://abcdef", pass: false },
    { origin: "https://example.com", pass: true },
    { origin: "https://other.example", pass: false },
  ])("$origin: $pass", ({ origin, pass }) => {
    const allowed = [
      "https://app.example.org",
      "https://*.wild.example",
      "http://*.ports.example:3000",
      "http://plain.example:80",
      "chrome-extension://abcdef",
    ];
    expect(passes(origin, { allowed })).toBe(pass);
  });

  test.each(["null", "app.example.org", "https://app.example.org/", "https://*.*.example.org", "https://*"])(
    "%s cannot be listed",
    (written) => expect(() => new OriginCheck([written])).toThrow(TypeError),
  );
});

test.each([
  { host: "chat.example.com", has: true },
  { host: "CHAT.Example.com.", has: true },
  { host: "a.wild.example", has: true },
  { host: "a.b.wild.example", has: false },
  { host: "wild.example", has: false },
  { host: ".wild.example", has: false },
  { host: "2001:db8::1", has: true },
  { host: "example.com", has: false },
  { host: "", has: false },
])("$host is one of the hosts: $has", ({ host, has }) => {
  expect(new HostList(["Chat.example.com", "*.wild.example", "2001:db8::1"]).has(host)).toBe(has);
});

test.each([
  ["Chat.Example.COM.", "chat.example.com"],
  ["*.Example.com", "*.example.com"],
  ["localhost", "localhost"],
  ["10.0.0.1", "10.0.0.1"],
  ["[::1]", "::1"],
  ["*", undefined],
  ["*.", undefined],
  ["*.10.0.0.1", undefined],
  ["*.0.0.1", undefined],
  [".", undefined],
  ["*..", undefined],
  ["a:80", undefined],
  ["bücher.example", undefined],
  ["*.*.example.com", undefined],
  ["a.*.example.com", undefined],
  ["*example.com", undefined],
  ["example.com:443", undefined],
  ["https://example.com", undefined],
  ["", undefined],
])("the host pattern %s is %s", (text, pattern) => {
  expect(tryHostPattern(text)).toBe(pattern);
});

test.each([
  ["https://App.Example.com", "https://app.example.com"],
  ["https://app.example.com:443", "https://app.example.com"],
  ["http://app.example.com:443", "http://app.example.com:443"],
  ["http://localhost:80", "http://localhost"],
  ["https://*.example.com", "https://*.example.com"],
  ["https://*.example.com:8443", "https://*.example.com:8443"],
  ["http://[::1]:3000", "http://[::1]:3000"],
  ["capacitor://localhost", "capacitor://localhost"],
  ["chrome-extension://abcdef", "chrome-extension://abcdef"],
  ["https://app.example.com/", undefined],
  ["https://app.example.com/path", undefined],
  ["https://user@app.example.com", undefined],
  ["https://a.*.example.com", undefined],
  ["https://*", undefined],
  ["https://*.10.0.0.1", undefined],
  ["https://*.0.0.1", undefined],
  ["https://.", undefined],
  ["https://app.example.com.", "https://app.example.com"],
  ["https://[::1]:443", "https://[::1]"],
  ["foo://app:443", "foo://app:443"],
  ["https://*.*.example.com", undefined],
  ["app.example.com", undefined],
  ["null", undefined],
  ["any", undefined],
  ["https://", undefined],
])("the origin pattern %s is %s", (text, pattern) => {
  expect(tryOriginPattern(text)).toBe(pattern);
  // The rule throws for what it cannot read.
  const check = new OriginCheck(pattern === undefined ? [] : [pattern]);
  expect(check.allows({ authority: "a", scheme: "https", fields: [] })).toBe(true);
});

test("a pattern is its own form, and whatever is one the rules can read", () => {
  const part = fc.constantFrom(
    "https",
    "http",
    "foo",
    "://",
    "*.",
    ".",
    "a",
    "Ex",
    "1",
    "[::1]",
    ":",
    "443",
    "80",
    "/",
    "@",
    "%41",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
      const text = parts.join("");
      const host = tryHostPattern(text);
      // An address is compared without the brackets it is written in.
      const hostAgain = host !== undefined && !host.includes(":") ? tryHostPattern(host) : host;
      const origin = tryOriginPattern(text);
      const isListed = (page: string) => passes(page, { at: "elsewhere.example", allowed: [text] });
      expect([hostAgain, origin && tryOriginPattern(origin)]).toEqual([host, origin]);
      expect(origin === undefined || isListed(origin.replace("*.", "any."))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
