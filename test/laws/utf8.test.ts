import { isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseText, Utf8Validator } from "../../src/protocol/message/utf8.ts";
import { TextPieces } from "../support/byte-pieces.ts";
import { codeThrown } from "../support/byte-readers.ts";
import { cutAt } from "../support/cuts.ts";
import { outcomeOf } from "../support/outcome.ts";
import { anyCuts, anyWire } from "./any-wire.ts";

const anyText = anyWire(TextPieces, 10);

/** Every way on from within a character: the rest of one, with the bounds that its first byte sets (RFC 3629 §4). */
const Continuations = ["", "80", "bf", "9f", "a0", "8f", "90"].flatMap((second) =>
  ["", "80", "8080"].map((rest) => Buffer.from(second + rest, "hex")),
);

/** How many bytes of `bytes` begin some valid text, judged by node:buffer alone. */
function possibleBytes(bytes: Uint8Array): number {
  for (let length = 1; length <= bytes.length; length++) {
    const start = bytes.subarray(0, length);
    if (!Continuations.some((rest) => isUtf8(Buffer.concat([start, rest])))) return length - 1;
  }
  return bytes.length;
}

/** How many bytes are taken, one by one, before one is refused. */
function takenBytes(bytes: Uint8Array): number {
  const validator = new Utf8Validator();
  const refused = bytes.findIndex((byte) => codeThrown(() => validator.push(Uint8Array.of(byte))) !== "");
  return refused < 0 ? bytes.length : refused;
}

test("a text is taken where node:buffer takes it, and comes out as what went in", () => {
  fc.assert(
    fc.property(anyText, (bytes) => {
      const again = outcomeOf(() => new TextEncoder().encode(parseText(bytes)));
      expect(again).toEqual(isUtf8(bytes) ? bytes : "WS_TEXT_NOT_UTF8");
    }),
    { numRuns: 1_000 },
  );
});

test("the first byte from which no text could follow is the one refused, however the bytes come", () => {
  fc.assert(
    fc.property(anyText, anyCuts, (bytes, cuts) => {
      const possible = possibleBytes(bytes);
      expect(takenBytes(bytes)).toBe(possible);
      const validator = new Utf8Validator();
      const code = codeThrown(() => {
        for (const chunk of cutAt(bytes, cuts)) validator.push(chunk);
      });
      expect(code).toBe(possible < bytes.length ? "WS_TEXT_NOT_UTF8" : "");
    }),
    { numRuns: 300 },
  );
});

test("a text that was checked as it came is the text that it is in one piece", () => {
  fc.assert(
    fc.property(anyText, anyCuts, (bytes, cuts) => {
      fc.pre(isUtf8(bytes));
      const validator = new Utf8Validator();
      for (const chunk of cutAt(bytes, cuts)) validator.push(chunk);
      validator.end();
      expect(validator.textOf(bytes)).toBe(parseText(bytes));
    }),
    { numRuns: 300 },
  );
});
