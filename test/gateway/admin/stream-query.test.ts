import { expect, test } from "vitest";
import { readFlag, readStreamQuery } from "../../../src/gateway/admin/stream-query.ts";

const Standard = {
  route: undefined,
  upstream: undefined,
  protocol: undefined,
  search: undefined,
  order: "rate",
  ascending: false,
  offset: 0,
  limit: 100,
};

test.each([
  { query: "", read: {} },
  { query: "route=&search=&protocol=", read: {} },
  {
    query: "route=chat&upstream=b&protocol=h2&search=v2",
    read: { route: "chat", upstream: "b", protocol: "h2", search: "v2" },
  },
  {
    query: "order=age&ascending=true&offset=50&limit=1000",
    read: { order: "age", ascending: true, offset: 50, limit: 1000 },
  },
  { query: "ascending=1", read: { ascending: true } },
  { query: "ascending=false", read: { ascending: false } },
])("?$query", ({ query, read }) => {
  expect(readStreamQuery(new URLSearchParams(query))).toEqual({
    ok: true,
    query: { ...Standard, ...read },
    format: undefined,
  });
});

test.each([
  { query: "protocol=h3", complaint: "protocol is one of h1, h2" },
  { query: "order=size", complaint: "order is one of age, bytes, messages, rate, idle, buffered, id" },
  { query: "ascending=yes", complaint: "ascending is one of true, false, 1, 0" },
  { query: "limit=0", complaint: "limit is a whole number from 1 to 1000" },
  { query: "limit=1001", complaint: "limit is a whole number from 1 to 1000" },
  { query: "limit=1e2", complaint: "limit is a whole number from 1 to 1000" },
  { query: "offset=-1", complaint: "offset is a whole number from 0 to 9007199254740991" },
  { query: "format=csv", complaint: "format is one of json, ndjson" },
  { query: `search=${"x".repeat(257)}`, complaint: "search is longer than 256 letters" },
  {
    query: "rout=chat",
    complaint:
      'there is no "rout" here; known are route, upstream, protocol, search, order, ascending, offset, limit, format',
  },
])("?$query is refused", ({ query, complaint }) => {
  const read = readStreamQuery(new URLSearchParams(query));
  expect(read).toEqual({
    ok: false,
    complaint,
  });
});

test.each([
  { query: "", read: { ok: true, value: false } },
  { query: "preview=1", read: { ok: true, value: true } },
  { query: "preview=maybe", read: { ok: false, complaint: "preview is one of true, false, 1, 0" } },
  { query: "payload=1", read: { ok: false, complaint: 'there is no "payload" here; known are preview' } },
])("the flag in ?$query", ({ query, read }) => {
  expect(readFlag(new URLSearchParams(query), "preview")).toEqual(read);
});
