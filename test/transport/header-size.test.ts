import { expect, test } from "vitest";
import { asH2Lines, exceedsLimits } from "../../src/transport/header-size.ts";

test.each([
  { lines: ["a", ""], bytes: 33, count: 1 },
  { lines: [":path", "/", "x-name", "value"], bytes: 5 + 1 + 6 + 5 + 64, count: 2 },
])("$lines count $bytes bytes", ({ lines, bytes, count }) => {
  expect(exceedsLimits(lines, { maxHeaderBytes: bytes, maxHeaderCount: count })).toBe(false);
  expect(exceedsLimits(lines, { maxHeaderBytes: bytes - 1, maxHeaderCount: count })).toBe(true);
  expect(exceedsLimits(lines, { maxHeaderBytes: bytes, maxHeaderCount: count - 1 })).toBe(true);
});

test("a head of HTTP/1.1 counts what it would on HTTP/2", () => {
  expect(asH2Lines("GET", "https", "/a", ["Host", "example.com", "Hosts", "b"])).toEqual([
    ...[":method", "GET", ":scheme", "https", ":path", "/a", ":authority", "example.com", "Hosts", "b"],
  ]);
});
