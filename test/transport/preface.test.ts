import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tryDetectHttpVersion } from "../../src/transport/preface.ts";
import { Preface } from "../support/raw-h2.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each([
  { first: "", version: undefined },
  { first: "P", version: undefined },
  { first: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", version: undefined },
  { first: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version: "2" },
  { first: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", version: "2" },
  { first: "G", version: "1.1" },
  { first: "PO", version: "1.1" },
  { first: "PRI * HTTP/2.1", version: "1.1" },
  { first: "pri", version: "1.1" },
  { first: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\0", version: "1.1" },
  { first: "\x16\x03\x01", version: "1.1" },
])("$first is $version", ({ first, version }) => {
  expect(tryDetectHttpVersion(bytes(first))).toBe(version);
});

test("every prefix of the preface is undecided, and whatever differs in one byte is not HTTP/2", () => {
  fc.assert(
    fc.property(fc.nat(Preface.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      expect(tryDetectHttpVersion(Preface.subarray(0, at))).toBeUndefined();
      const other = Buffer.from(Preface);
      other[at]! ^= change;
      expect(tryDetectHttpVersion(other.subarray(0, at + 1))).toBe("1.1");
    }),
  );
});
