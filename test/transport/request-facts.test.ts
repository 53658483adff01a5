import { describe, expect, test } from "vitest";
import { tryH1RequestFacts, tryH2RequestFacts } from "../../src/transport/request-facts.ts";

describe("of an HTTP/1.1 request", () => {
  test.each([
    { target: "/", path: "/", authority: "example.com" },
    { target: "/a?b=/c", path: "/a?b=/c", authority: "example.com" },
    { target: "//double", path: "//double", authority: "example.com" },
    { target: "http://other:81/a?b", path: "/a?b", authority: "other:81" },
    { target: "HTTPS://other", path: "/", authority: "other" },
    { target: "http://other?b", path: "/?b", authority: "other" },
    { target: "http://[::1]:81/", path: "/", authority: "[::1]:81" },
  ])("$target asks for $path of $authority", ({ target, path, authority }) => {
    const facts = tryH1RequestFacts("GET", target, ["Host", "example.com", "X-Name", "value"]);
    expect(facts).toEqual({ method: "GET", path, authority, fields: ["host", "example.com", "x-name", "value"] });
  });

  test.each(["", "*", "example.com:80", "a/b", "/a b", "/a#b", "/\u00e9", "http:///a", "http://a@b/", "ftp://other/a"])(
    "the target %j is none",
    (target) => {
      expect(tryH1RequestFacts("GET", target, ["Host", "example.com"])).toBeUndefined();
    },
  );

  test.each([
    { what: "no Host", fields: [] },
    { what: "two Hosts", fields: ["Host", "a", "host", "a"] },
    { what: "an empty Host", fields: ["Host", ""] },
    { what: "a Host with a list", fields: ["Host", "a,b"] },
    { what: "no Host, whatever the target has", fields: [], target: "http://other/" },
    { what: "a field that is none", fields: ["Host", "a", "x y", "z"] },
  ])("$what is refused", ({ fields, target = "/" }) => {
    expect(tryH1RequestFacts("GET", target, fields)).toBeUndefined();
  });
});

describe("of an HTTP/2 request", () => {
  const pseudo = [":method", "GET", ":scheme", "https", ":authority", "Example.com", ":path", "/a?b"];
  const expected = { method: "GET", path: "/a?b", authority: "Example.com" };

  test.each([
    { what: "is what the pseudo-fields say", raw: pseudo, fields: [] },
    {
      what: "may repeat the authority in Host",
      raw: [...pseudo, "host", "example.com"],
      fields: ["host", "example.com"],
    },
    {
      what: "may have it in Host alone",
      raw: [":method", "GET", ":path", "/a?b", "host", "Example.com"],
      fields: ["host", "Example.com"],
    },
  ])("$what", ({ raw, fields }) => {
    expect(tryH2RequestFacts(raw)).toEqual({ ...expected, fields });
  });

  test.each([
    { what: "no authority", raw: [":method", "GET", ":path", "/"] },
    { what: "no path", raw: [":method", "GET", ":authority", "a"] },
    { what: "two paths", raw: [...pseudo, ":path", "/c"] },
    { what: "another Host", raw: [...pseudo, "host", "example.org"] },
    { what: "two Hosts", raw: [":method", "GET", ":path", "/", "host", "a", "host", "b"] },
    { what: "an asterisk", raw: [":method", "OPTIONS", ":authority", "a", ":path", "*"] },
    { what: "outer whitespace", raw: [...pseudo, "x-name", " a"] },
  ])("$what is refused", ({ raw }) => {
    expect(tryH2RequestFacts(raw)).toBeUndefined();
  });
});
