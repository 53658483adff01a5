import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseText, Utf8Validator } from "../../../src/protocol/message/utf8.ts";
import { hex, joined } from "../../support/bits.ts";

/** The same with so much behind it that it is read another way. */
const long = (bytes: Uint8Array): Uint8Array => joined([bytes, new Uint8Array(2_000).fill(0x61)]);

/** How many bytes are taken before one is refused, byte by byte. */
function acceptedBytes(bytes: Uint8Array): number {
  const validator = new Utf8Validator();
  for (let index = 0; index < bytes.length; index++) {
    try {
      validator.push(bytes.subarray(index, index + 1));
    } catch {
      return index;
    }
  }
  return bytes.length;
}

test.each([
  { name: "one byte", bytes: hex("24"), text: "$" },
  { name: "two bytes, first and last", bytes: hex("c2 80 df bf"), text: "\u0080\u07ff" },
  { name: "three bytes, first and last", bytes: hex("e0 a0 80 ef bf bf"), text: "\u0800\uffff" },
  { name: "on both sides of the surrogates", bytes: hex("ed 9f bf ee 80 80"), text: "\ud7ff\ue000" },
  { name: "four bytes, first and last", bytes: hex("f0 90 80 80 f4 8f bf bf"), text: "\u{10000}\u{10ffff}" },
  { name: "a byte order mark", bytes: hex("ef bb bf 61"), text: "\ufeffa" },
  { name: "NUL", bytes: hex("00"), text: "\0" },
  { name: "nothing", bytes: hex(""), text: "" },
])("takes $name", ({ bytes, text }) => {
  expect(parseText(bytes)).toBe(text);
  expect(parseText(long(bytes))).toBe(`${text}${"a".repeat(2_000)}`);
  expect(acceptedBytes(bytes)).toBe(bytes.length);
});

test.each([
  { name: "a continuation without a beginning", bytes: hex("80"), accepted: 0 },
  { name: "a beginning after a beginning", bytes: hex("61 c3 c3"), accepted: 2 },
  { name: "a two-byte form of ASCII", bytes: hex("c0 80"), accepted: 0 },
  { name: "a two-byte form of ASCII, the last", bytes: hex("c1 bf"), accepted: 0 },
  { name: "a three-byte form of two", bytes: hex("e0 9f bf"), accepted: 1 },
  { name: "a four-byte form of three", bytes: hex("f0 8f bf bf"), accepted: 1 },
  { name: "the first surrogate", bytes: hex("ed a0 80"), accepted: 1 },
  { name: "the last surrogate", bytes: hex("ed bf bf"), accepted: 1 },
  { name: "above U+10FFFF", bytes: hex("f4 90 80 80"), accepted: 1 },
  { name: "five bytes", bytes: hex("f8 88 80 80 80"), accepted: 0 },
  { name: "0xFF", bytes: hex("ff"), accepted: 0 },
  { name: "a character broken off by another", bytes: hex("e2 82 41"), accepted: 2 },
  { name: "Autobahn's 6.4.1", bytes: hex("ce ba e1 bd b9 cf 83 ce bc ce b5 f4 90 80 80 65"), accepted: 12 },
])("refuses $name, and at its first bad byte", ({ bytes, accepted }) => {
  for (const text of [bytes, long(bytes)]) {
    expect(() => parseText(text)).toThrow(expect.objectContaining({ code: "WS_TEXT_NOT_UTF8", closeCode: 1007 }));
  }
  expect(acceptedBytes(bytes)).toBe(accepted);
});

test("a text that ends within a character is no text, though each byte was welcome", () => {
  const bytes = hex("61 e2 82");
  expect(acceptedBytes(bytes)).toBe(3);
  expect(() => parseText(bytes)).toThrow(expect.objectContaining({ code: "WS_TEXT_NOT_UTF8" }));
});

test("where the bytes are cut never changes the verdict", () => {
  const anyParts = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc.string({ unit: "binary", maxLength: 5 }).map((text) => new TextEncoder().encode(text)),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(anyParts, fc.nat(30), (parts, cut) => {
      const bytes = new Uint8Array(Buffer.concat(parts));
      const validator = new Utf8Validator();
      const inParts = (): void => {
        validator.push(bytes.subarray(0, cut));
        validator.push(bytes.subarray(cut));
      };
      const refused = acceptedBytes(bytes) < bytes.length;
      expect(isThrown(inParts)).toBe(refused);
    }),
    { numRuns: 200 },
  );
});

function isThrown(action: () => void): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}
