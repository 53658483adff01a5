import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeHuffman, huffmanLength, tryDecodeHuffman } from "../../../src/transport/h2/huffman.ts";

function encoded(text: string): Buffer {
  const target = Buffer.alloc(text.length * 4);
  return target.subarray(0, encodeHuffman(text, target, 0));
}

function decoded(bytes: Uint8Array): string | undefined {
  const target = Buffer.alloc(Math.ceil((bytes.length * 8) / 5));
  const length = tryDecodeHuffman(bytes, 0, bytes.length, target);
  return length === undefined ? undefined : target.toString("latin1", 0, length);
}

// The strings of RFC 7541 Appendix C.4 and C.6.
const Vectors = [
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["custom-key", "25a849e95ba97d7f"],
  ["custom-value", "25a849e95bb8e8b4bf"],
  ["302", "6402"],
  ["private", "aec3771a4b"],
  ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
  ["https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"],
] as const;

describe("the Huffman code of RFC 7541", () => {
  test.each(Vectors)("codes %s as the RFC does", (text, hex) => {
    expect(encoded(text).toString("hex")).toBe(hex);
    expect(huffmanLength(text)).toBe(hex.length / 2);
    expect(decoded(Buffer.from(hex, "hex"))).toBe(text);
  });

  test("gives back every octet", () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString("latin1");
    expect(decoded(encoded(octets))).toBe(octets);
  });

  test("gives back any text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        const coded = encoded(text);
        expect(coded).toHaveLength(huffmanLength(text));
        expect(decoded(coded)).toBe(text);
      }),
    );
  });

  test("decodes no input to more than 8/5 of it, nor beyond its target", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const room = Math.ceil((bytes.length * 8) / 5);
        expect(tryDecodeHuffman(bytes, 0, bytes.length, new Uint8Array(room)) ?? 0).toBeLessThanOrEqual(room);
      }),
    );
  });

  // "a" is 00011.
  test.each([
    ["padding with a zero", "1e", undefined],
    ["padding with ones", "1f", "a"],
    ["padding of a whole octet", "1fff", undefined],
    ["EOS, then an a", "fffffffc7f", undefined],
    ["a codeword that breaks off", "1fffff", undefined],
    ["nothing", "", ""],
  ])("judges %s", (_, hex, text) => {
    expect(decoded(Buffer.from(hex, "hex"))).toBe(text);
  });
});
