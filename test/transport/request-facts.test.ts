import { describe, expect, test } from "vitest";
import { judgeH1Request, judgeH2Request, type H1RequestHead } from "../../src/transport/request-facts.ts";

const Unframed = { contentLength: undefined, isChunked: false, expectsContinue: false };
const Malformed = { refusal: "malformed", rejection: { status: 400 } };

const judge = (head: Partial<H1RequestHead>) =>
  judgeH1Request({ method: "GET", target: "/", httpVersion: "1.1", rawFields: ["Host", "example.com"], ...head });

describe("of an HTTP/1.1 request", () => {
  test.each([
    { target: "/", path: "/", authority: "example.com" },
    { target: "/a?b=/c", path: "/a?b=/c", authority: "example.com" },
    { target: "//double", path: "//double", authority: "example.com" },
    { target: "http://other:81/a?b", path: "/a?b", authority: "other:81" },
    { target: "HTTPS://other", path: "/", authority: "other" },
    { target: "http://other?b", path: "/?b", authority: "other" },
    { target: "http://[::1]:81/", path: "/", authority: "[::1]:81" },
  ])("$target asks for $path of $authority, and Host says so", ({ target, path, authority }) => {
    const facts = judge({ target, rawFields: ["Host", "example.com", "X-Name", "value"] });
    expect(facts).toEqual({
      method: "GET",
      path,
      authority,
      fields: ["host", authority, "x-name", "value"],
      framing: Unframed,
    });
  });

  test.each(["", "*", "example.com:80", "a/b", "/a b", "/a#b", "/\u00e9", "http:///a", "http://a@b/", "ftp://other/a"])(
    "the target %j is none",
    (target) => {
      expect(judge({ target })).toMatchObject(Malformed);
    },
  );

  test.each([
    { what: "no Host", rawFields: [] },
    { what: "two Hosts", rawFields: ["Host", "a", "host", "a"] },
    { what: "an empty Host", rawFields: ["Host", ""] },
    { what: "a Host with a list", rawFields: ["Host", "a,b"] },
    { what: "no Host, whatever the target has", rawFields: [], target: "http://other/" },
    { what: "a Host that is none, whatever the target has", rawFields: ["Host", "a b"], target: "http://other/" },
    { what: "a field that is none", rawFields: ["Host", "a", "x y", "z"] },
    { what: "HTTP/0.9", httpVersion: "0.9" },
    { what: "HTTP/2.0", httpVersion: "2.0" },
  ])("$what is refused", (head) => {
    expect(judge(head)).toMatchObject(Malformed);
  });

  test("OPTIONS may ask about the server itself", () => {
    expect(judge({ method: "OPTIONS", target: "*" })).toMatchObject({ path: "*" });
  });

  test("the framing is judged", () => {
    const rawFields = ["Host", "a", "Content-Length", "5", "Expect", "100-Continue"];
    expect(judge({ rawFields })).toMatchObject({ framing: { contentLength: 5, expectsContinue: true } });
    expect(judge({ rawFields: [...rawFields, "Transfer-Encoding", "chunked"] })).toMatchObject(Malformed);
  });
});

describe("of an HTTP/2 request", () => {
  const pseudo = [":method", "GET", ":scheme", "https", ":authority", "Example.com", ":path", "/a?b"];
  const expected = { method: "GET", path: "/a?b", authority: "Example.com", framing: Unframed };
  const withPseudo = (name: string, value: string) =>
    pseudo.map((part, i) => (i % 2 === 1 && pseudo[i - 1] === name ? value : part));

  test.each([
    { what: "is what the pseudo-fields say", raw: pseudo, fields: [] },
    {
      what: "may repeat the authority in Host",
      raw: [...pseudo, "host", "example.com"],
      fields: ["host", "example.com"],
    },
    {
      what: "may have it in Host alone",
      raw: [":method", "GET", ":scheme", "HTTP", ":path", "/a?b", "host", "Example.com"],
      fields: ["host", "Example.com"],
    },
    {
      what: "may split its cookies",
      raw: [...pseudo, "cookie", "a=1", "x-name", "v", "cookie", "b=2"],
      fields: ["x-name", "v", "cookie", "a=1; b=2"],
    },
  ])("$what", ({ raw, fields }) => {
    expect(judgeH2Request(raw)).toEqual({ ...expected, fields });
  });

  test.each([
    { what: "no authority", raw: [":method", "GET", ":scheme", "http", ":path", "/"] },
    { what: "no path", raw: [":method", "GET", ":scheme", "http", ":authority", "a"] },
    { what: "two paths", raw: [...pseudo, ":path", "/c"] },
    { what: "another Host", raw: [...pseudo, "host", "example.org"] },
    { what: "two Hosts", raw: [":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "b"] },
    { what: "an asterisk but for OPTIONS", raw: withPseudo(":path", "*") },
    { what: "outer whitespace", raw: [...pseudo, "x-name", " a"] },
    { what: "a method that HTTP/1.1 would not have", raw: withPseudo(":method", "get") },
    { what: "another scheme", raw: withPseudo(":scheme", "ftp") },
    { what: "no scheme", raw: [":method", "GET", ":authority", "a", ":path", "/"] },
    { what: "a length in another form", raw: [...pseudo, "content-length", "05"] },
  ])("$what is refused", ({ raw }) => {
    expect(judgeH2Request(raw)).toMatchObject(Malformed);
  });
});
