import { describe, expect, test } from "vitest";
import { isSameOrigin, parseClientUrl } from "../../src/websocket/client-url.ts";
import { outcomeOf } from "../support/outcome.ts";

describe("a URL says", () => {
  test.each([
    { url: "ws://example.com", scheme: "http", host: "example.com", port: 80, authority: "example.com", path: "/" },
    {
      url: "wss://example.com/a?b=c",
      scheme: "https",
      host: "example.com",
      port: 443,
      authority: "example.com",
      path: "/a?b=c",
    },
    { url: "ws://example.com:80/", scheme: "http", host: "example.com", port: 80, authority: "example.com", path: "/" },
    {
      url: "wss://example.com:80/",
      scheme: "https",
      host: "example.com",
      port: 80,
      authority: "example.com:80",
      path: "/",
    },
    {
      url: "http://example.com:8080",
      scheme: "http",
      host: "example.com",
      port: 8080,
      authority: "example.com:8080",
      path: "/",
    },
    {
      url: "https://[2001:DB8::1]/",
      scheme: "https",
      host: "2001:db8::1",
      port: 443,
      authority: "[2001:db8::1]",
      path: "/",
    },
    {
      url: "WS://EXAMPLE.com/A b",
      scheme: "http",
      host: "example.com",
      port: 80,
      authority: "example.com",
      path: "/A%20b",
    },
    {
      url: "ws://bücher.example/ü",
      scheme: "http",
      host: "xn--bcher-kva.example",
      port: 80,
      authority: "xn--bcher-kva.example",
      path: "/%C3%BC",
    },
  ])("where it leads, and what is asked there: $url", ({ url, ...said }) => {
    expect(parseClientUrl(url)).toMatchObject({ ...said, authorization: undefined });
    expect(parseClientUrl(new URL(url))).toMatchObject(said);
  });

  test.each([
    { url: "ws://user:pass@a", authorization: "user:pass" },
    { url: "ws://user@a", authorization: "user:" },
    { url: "ws://:pass@a", authorization: ":pass" },
    { url: "ws://%C3%BCser:p%3A%C3%A4ss@a", authorization: "üser:p:äss" },
  ])("who asks: $url", ({ url, authorization }) => {
    const encoded = Buffer.from(authorization).toString("base64");
    expect(parseClientUrl(url)).toMatchObject({ authorization: `Basic ${encoded}`, authority: "a" });
  });
});

describe("what is no URL of a WebSocket is refused:", () => {
  test.each([
    { what: "nothing", url: "" },
    { what: "a path", url: "/chat" },
    { what: "no scheme", url: "example.com" },
    { what: "another scheme", url: "ftp://example.com/" },
    { what: "no host", url: "ws://" },
    { what: "a port that is none", url: "ws://a:65536/" },
    { what: "a fragment", url: "ws://a/#b" },
    { what: "an empty fragment", url: "ws://a/#" },
    { what: "a host that no Host field may have", url: "ws://a!b/" },
    { what: "an address that is none", url: "ws://1.2.3.400/" },
    { what: "a user who is no text", url: "ws://%ff@a/" },
    { what: "a user with a colon, who would be another one", url: "ws://us%3Aer@a/" },
    { what: "a password with a control character", url: "ws://user:%00@a/" },
    { what: "a user and a password that are a text only together", url: "ws://us%4:db@a/" },
  ])("$what", ({ url }) => {
    expect(outcomeOf(() => parseClientUrl(url))).toBe("WS_URL_INVALID");
  });
});

test.each([
  { a: "ws://a/1", b: "http://a:80/2", same: true },
  { a: "ws://a", b: "wss://a", same: false },
  { a: "ws://a", b: "ws://a:81", same: false },
  { a: "wss://a", b: "wss://b", same: false },
])("$a and $b are of one origin: $same", ({ a, b, same }) => {
  expect(isSameOrigin(parseClientUrl(a), parseClientUrl(b))).toBe(same);
});
