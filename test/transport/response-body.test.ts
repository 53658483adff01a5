import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BodyProgress } from "../../src/transport/chunked-decoder.ts";
import { ResponseBodyReader, tryBodyFraming, type BodyFraming } from "../../src/transport/response-body.ts";
import { cutAt } from "../support/cuts.ts";

const anyCuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return cutAt(bytes, cuts).map((piece) => Buffer.from(piece));
}

describe("the framing of a body", () => {
  const headOf = (fields: string[], { status = 404, httpVersion = "1.1" } = {}) => ({ httpVersion, status, fields });

  test.each<{ what: string; head: ReturnType<typeof headOf>; framing: BodyFraming | undefined }>([
    { what: "a length", head: headOf(["content-length", "12"]), framing: { type: "length", bytes: 12 } },
    { what: "no body", head: headOf(["content-length", "0"]), framing: { type: "length", bytes: 0 } },
    { what: "chunked", head: headOf(["transfer-encoding", "Chunked"]), framing: { type: "chunked" } },
    { what: "to the close", head: headOf([]), framing: { type: "close" } },
    { what: "to the close in HTTP/1.0", head: headOf([], { httpVersion: "1.0" }), framing: { type: "close" } },
    { what: "304", head: headOf(["content-length", "9"], { status: 304 }), framing: { type: "length", bytes: 0 } },
    {
      what: "chunked and a length",
      head: headOf(["transfer-encoding", "chunked", "content-length", "1"]),
      framing: undefined,
    },
    {
      what: "chunked in HTTP/1.0",
      head: headOf(["transfer-encoding", "chunked"], { httpVersion: "1.0" }),
      framing: undefined,
    },
    { what: "another coding", head: headOf(["transfer-encoding", "gzip, chunked"]), framing: undefined },
    {
      what: "chunked twice",
      head: headOf(["transfer-encoding", "chunked", "transfer-encoding", "chunked"]),
      framing: undefined,
    },
    { what: "two lengths", head: headOf(["content-length", "1", "content-length", "2"]), framing: undefined },
    { what: "a list of lengths", head: headOf(["content-length", "1, 1"]), framing: undefined },
    { what: "a sign", head: headOf(["content-length", "+1"]), framing: undefined },
    { what: "no digits", head: headOf(["content-length", ""]), framing: undefined },
    { what: "beyond any body", head: headOf(["content-length", "9".repeat(16)]), framing: undefined },
  ])("$what", ({ head, framing }) => {
    expect(tryBodyFraming(head)).toEqual(framing);
  });
});

describe("a body", () => {
  function readPieces(pieces: Iterable<Buffer>, framing: BodyFraming): { progress: BodyProgress; content: string } {
    const reader = new ResponseBodyReader(framing, 10);
    let progress = reader.read(Buffer.alloc(0));
    for (const piece of pieces) {
      if (progress !== "more") break;
      progress = reader.read(piece);
    }
    return { progress, content: reader.content.toString() };
  }

  test.each<{ what: string; text: string; framing: BodyFraming; progress: BodyProgress; content: string }>([
    {
      what: "of its length",
      text: "hello!",
      framing: { type: "length", bytes: 5 },
      progress: "whole",
      content: "hello",
    },
    { what: "that is empty", text: "hello", framing: { type: "length", bytes: 0 }, progress: "whole", content: "" },
    {
      what: "that lacks bytes",
      text: "hell",
      framing: { type: "length", bytes: 5 },
      progress: "more",
      content: "hell",
    },
    {
      what: "that is long",
      text: "0123456789ab",
      framing: { type: "length", bytes: 12 },
      progress: "whole",
      content: "0123456789",
    },
    {
      what: "of just the limit",
      text: "0123456789",
      framing: { type: "close" },
      progress: "whole",
      content: "0123456789",
    },
    { what: "to the close", text: "hello", framing: { type: "close" }, progress: "more", content: "hello" },
    {
      what: "in chunks",
      text: "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      framing: { type: "chunked" },
      progress: "whole",
      content: "hello",
    },
    {
      what: "in a long chunk",
      text: "fff\r\n0123456789abc",
      framing: { type: "chunked" },
      progress: "whole",
      content: "0123456789",
    },
    { what: "broken", text: "1\r\nxx\r\n", framing: { type: "chunked" }, progress: "broken", content: "x" },
    {
      what: "broken behind the cut",
      text: "a\r\n0123456789!\n",
      framing: { type: "chunked" },
      progress: "whole",
      content: "0123456789",
    },
  ])("$what comes out the same for any cut", ({ text, framing, progress, content }) => {
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        expect(readPieces(cut(Buffer.from(text), cuts), framing)).toEqual({ progress, content });
      }),
      { numRuns: 20 },
    );
  });
});
