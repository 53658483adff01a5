import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedDecoder, type BodyProgress } from "../../src/transport/chunked-decoder.ts";
import { cutAt } from "../support/cuts.ts";

const anyCuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return cutAt(bytes, cuts).map((piece) => Buffer.from(piece));
}

function decodePieces(pieces: Iterable<Buffer>): { progress: BodyProgress; content: string } {
  const decoder = new ChunkedDecoder();
  const parts: Buffer[] = [];
  let progress: BodyProgress = "more";
  for (const piece of pieces) {
    progress = decoder.read(piece, (part) => parts.push(part));
    if (progress !== "more") break;
  }
  return { progress, content: Buffer.concat(parts).toString("latin1") };
}

function decode(text: string): { progress: BodyProgress; content: string } {
  return decodePieces([Buffer.from(text, "latin1")]);
}

test.each([
  { what: "nothing", text: "0\r\n\r\n", content: "" },
  { what: "one chunk", text: "5\r\nhello\r\n0\r\n\r\n", content: "hello" },
  { what: "several", text: "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", content: "abcdef" },
  {
    what: "digits in either case and leading zeros",
    text: `0A\r\n${"x".repeat(10)}\r\n0b\r\n${"y".repeat(11)}\r\n00\r\n\r\n`,
    content: "x".repeat(10) + "y".repeat(11),
  },
  { what: "CRLF within a chunk", text: "4\r\n\r\n\r\n\r\n0\r\n\r\n", content: "\r\n\r\n" },
  { what: "extensions", text: '1;a\r\nx\r\n1 ;b="c;d"\r\ny\r\n0;e=f\r\n\r\n', content: "xy" },
  { what: "trailers", text: "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", content: "x" },
])("decodes $what, and only behind the last line", ({ text, content }) => {
  expect(decode(text)).toEqual({ progress: "whole", content });
  expect(decode(`${text}more`)).toEqual({ progress: "whole", content });
  for (let length = 0; length < text.length; length++) expect(decode(text.slice(0, length)).progress).toBe("more");
});

test.each([
  { what: "no size", text: "\r\n" },
  { what: "a sign", text: "+5\r\n" },
  { what: "a prefix", text: "0x5\r\n" },
  { what: "a space ahead", text: " 5\r\n" },
  { what: "a space behind", text: "5 \r\n" },
  { what: "more digits than 32 bits have", text: "000000001\r\n" },
  { what: "LF alone behind the size", text: "5\n" },
  { what: "CR within the size line", text: "5;\r0\r\n" },
  { what: "NUL in an extension", text: "5;\0\r\n" },
  { what: "a chunk longer than its size", text: "1\r\nxy\r\n" },
  { what: "LF alone behind a chunk", text: "1\r\nx\n" },
  { what: "LF alone in the trailer", text: "0\r\nA: b\n" },
  { what: "an extension without an end", text: `5;${"x".repeat(1_100)}` },
  { what: "a trailer line without an end", text: `0\r\n${"x".repeat(1_100)}` },
  { what: "trailers without an end", text: `0\r\n${`A: ${"b".repeat(995)}\r\n`.repeat(17)}` },
])("refuses $what", ({ text }) => {
  expect(decode(text).progress).toBe("broken");
});

describe("how the bytes are cut", () => {
  const anyChunk = fc.tuple(
    fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 50 }),
    fc.constantFrom("", ";a=b"),
  );
  const piece = fc.constantFrom("0", "5", "\r\n", "\n", "hello", ";a", "A: b\r\n", " ");

  test("never changes the content of what is valid", () => {
    fc.assert(
      fc.property(fc.array(anyChunk), anyCuts, (chunks, cuts) => {
        const text = chunks.map(
          ([content, extension]) => `${content.length.toString(16)}${extension}\r\n${content}\r\n`,
        );
        const pieces = cut(Buffer.from(`${text.join("")}0\r\n\r\n`, "latin1"), cuts);
        expect(decodePieces(pieces)).toEqual({
          progress: "whole",
          content: chunks.map(([content]) => content).join(""),
        });
      }),
    );
  });

  test("never changes the judgement of anything", () => {
    fc.assert(
      fc.property(fc.array(piece), anyCuts, (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(""), "latin1");
        expect(decodePieces(cut(bytes, cuts))).toEqual(decodePieces([bytes]));
      }),
    );
  });
});
