import { describe, expect, test } from "vitest";
import { brokenFieldRule, brokenTrailerRule } from "../../../src/transport/h2/field-rules.ts";

const Get = [":method", "GET", ":scheme", "https", ":authority", "example.com", ":path", "/"];
const Connect = [
  ":method",
  "CONNECT",
  ":protocol",
  "websocket",
  ":scheme",
  "https",
  ":authority",
  "a.example",
  ":path",
  "/",
];

const without = (fields: readonly string[], name: string): string[] =>
  fields.flatMap((part, at) => (at % 2 === 0 && part !== name ? [part, fields[at + 1]!] : []));

describe("the field lines of a request (RFC 9113 §8.2, §8.3.1, RFC 8441 §4)", () => {
  test.each([
    { what: "GET", fields: [...Get, "accept", "*/*", "te", "trailers", "host", "example.com"] },
    { what: "Extended CONNECT", fields: [...Connect, "sec-websocket-version", "13"] },
    { what: "plain CONNECT", fields: [":method", "CONNECT", ":authority", "example.com:443"] },
    { what: "no :authority, which Host may stand for", fields: without(Get, ":authority") },
    { what: "names and values that are judged elsewhere", fields: [...Get, "", "\0", "a b", " "] },
  ])("break no rule: $what", ({ fields }) => {
    expect(brokenFieldRule(fields)).toBeUndefined();
  });

  test.each([
    { fields: [], rule: "no :method" },
    { fields: without(Get, ":path"), rule: "no :scheme or no :path" },
    { fields: without(Get, ":scheme"), rule: "no :scheme or no :path" },
    { fields: [...without(Get, ":path"), ":path", ""], rule: "an empty :path" },
    { fields: without(Connect, ":path"), rule: "no :scheme or no :path" },
    { fields: without(Connect, ":protocol"), rule: ":scheme or :path of a plain CONNECT" },
    { fields: [...Get, ":protocol", "websocket"], rule: ":protocol without CONNECT" },
    { fields: [...Get, ":path", "/"], rule: "a pseudo-field twice" },
    { fields: [":status", "200", ...Get], rule: "an unknown pseudo-field" },
    { fields: ["x-a", "b", ...Get], rule: "a pseudo-field behind a field" },
    { fields: [...Get, "X-A", "b"], rule: "a name in upper case" },
    { fields: [...Get, "connection", "close"], rule: "a field of HTTP/1.1" },
    { fields: [...Get, "transfer-encoding", "chunked"], rule: "a field of HTTP/1.1" },
    { fields: [...Get, "te", "gzip"], rule: "a TE other than trailers" },
    { fields: [...Get, "host", "example.com", "host", "example.com"], rule: "a Host twice" },
  ])("break a rule: $rule", ({ fields, rule }) => {
    expect(brokenFieldRule(fields)).toBe(rule);
  });
});

test.each([
  { fields: ["x-checksum", "a"], rule: undefined },
  { fields: [":path", "/"], rule: "a pseudo-field in trailers" },
  { fields: ["X-A", "b"], rule: "a name in upper case" },
  { fields: ["content-length", "5"], rule: "a field that cannot be a trailer" },
  { fields: ["upgrade", "websocket"], rule: "a field of HTTP/1.1" },
])("trailers $fields: $rule", ({ fields, rule }) => {
  expect(brokenTrailerRule(fields)).toBe(rule);
});
