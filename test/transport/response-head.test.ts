import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResponseHeadReader, type HeadProgress } from "../../src/transport/response-head.ts";
import { cutAt } from "../support/cuts.ts";

const anyCuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return cutAt(bytes, cuts).map((piece) => Buffer.from(piece));
}

/** What a reader makes of `pieces`; `end` counts from the first byte of them all. */
function readPieces(pieces: Iterable<Buffer>): HeadProgress {
  const reader = new ResponseHeadReader();
  let before = 0;
  for (const piece of pieces) {
    const progress = reader.read(piece);
    if (progress.type === "head") return { ...progress, end: before + progress.end };
    if (progress.type === "broken") return progress;
    before += piece.length;
  }
  return { type: "incomplete" };
}

function read(text: string): HeadProgress {
  return readPieces([Buffer.from(text, "latin1")]);
}

describe("reads", () => {
  test.each([
    {
      what: "fields in wire order, repetitions kept, names in lower case",
      text: "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a\r\nX-B:  two words \t\r\nSET-COOKIE:b\r\n\r\n",
      head: { httpVersion: "1.1", status: 401, fields: ["set-cookie", "a", "x-b", "two words", "set-cookie", "b"] },
    },
    {
      what: "no fields",
      text: "HTTP/1.1 404 Not Found\r\n\r\n",
      head: { httpVersion: "1.1", status: 404, fields: [] },
    },
    { what: "no reason", text: "HTTP/1.1 503 \r\n\r\n", head: { httpVersion: "1.1", status: 503, fields: [] } },
    {
      what: "no space for a reason",
      text: "HTTP/1.1 503\r\n\r\n",
      head: { httpVersion: "1.1", status: 503, fields: [] },
    },
    { what: "an old version", text: "HTTP/1.0 200 OK\r\n\r\n", head: { httpVersion: "1.0", status: 200, fields: [] } },
    { what: "a later version", text: "HTTP/1.2 599 ?\r\n\r\n", head: { httpVersion: "1.2", status: 599, fields: [] } },
    {
      what: "an empty value and bytes beyond ASCII",
      text: "HTTP/1.1 200 \xa4\r\nA:\r\nB: \xe4\t\xf6\r\n\r\n",
      head: { httpVersion: "1.1", status: 200, fields: ["a", "", "b", "\xe4\t\xf6"] },
    },
    {
      what: "a colon within a value",
      text: "HTTP/1.1 302 Found\r\nLocation: http://a:1/\r\n\r\n",
      head: { httpVersion: "1.1", status: 302, fields: ["location", "http://a:1/"] },
    },
    {
      what: "interim responses over",
      text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nB: c\r\n\r\n",
      head: { httpVersion: "1.1", status: 404, fields: ["b", "c"] },
    },
    {
      what: "101 as what it is",
      text: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
      head: { httpVersion: "1.1", status: 101, fields: ["upgrade", "websocket"] },
    },
  ])("$what, and stops behind the head", ({ text, head }) => {
    expect(read(text)).toEqual({ type: "head", head, end: text.length });
    expect(read(`${text}HTTP/1.1 garbage\n`)).toEqual({ type: "head", head, end: text.length });
    for (let length = 0; length < text.length; length++) {
      expect(read(text.slice(0, length))).toEqual({ type: "incomplete" });
    }
  });
});

describe("refuses", () => {
  const status = "HTTP/1.1 200 OK\r\n";
  test.each([
    { what: "another protocol", text: "SSH-2.0-x\r\n", detail: "not HTTP/1.x" },
    { what: "another protocol by its first byte", text: "\x15", detail: "not HTTP/1.x" },
    { what: "HTTP/2", text: "HTTP/2 200\r\n", detail: "not HTTP/1.x" },
    { what: "an empty line ahead", text: "\r\nHTTP/1.1 200 OK\r\n", detail: "not HTTP/1.x" },
    { what: "a lower-case version", text: "http/1.1 200 OK\r\n", detail: "not HTTP/1.x" },
    { what: "a version of two digits", text: "HTTP/1.11 200 OK\r\n", detail: "invalid status line" },
    { what: "a status of two digits", text: "HTTP/1.1 20 OK\r\n", detail: "invalid status line" },
    { what: "a status of four digits", text: "HTTP/1.1 2000 OK\r\n", detail: "invalid status line" },
    { what: "a status below 100", text: "HTTP/1.1 099 OK\r\n", detail: "invalid status line" },
    { what: "a status above 599", text: "HTTP/1.1 600 OK\r\n", detail: "invalid status line" },
    { what: "two spaces", text: "HTTP/1.1  200 OK\r\n", detail: "invalid status line" },
    { what: "NUL in the reason", text: "HTTP/1.1 200 O\0K\r\n", detail: "invalid status line" },
    { what: "CR in the reason", text: "HTTP/1.1 200 O\rK\r\n", detail: "invalid status line" },
    { what: "LF alone behind the status", text: "HTTP/1.1 200 OK\n", detail: "line feed alone" },
    { what: "LF alone behind a field", text: `${status}A: b\n`, detail: "line feed alone" },
    { what: "LF alone at the end", text: `${status}A: b\r\n\n`, detail: "line feed alone" },
    { what: "a line that goes on", text: `${status}A: b\r\n c\r\n`, detail: "invalid field line" },
    { what: "a line that goes on with a colon", text: `${status}A: b\r\n\tc: d\r\n`, detail: "invalid field line" },
    { what: "whitespace before the colon", text: `${status}A : b\r\n`, detail: "invalid field line" },
    { what: "a name that is no token", text: `${status}A(: b\r\n`, detail: "invalid field line" },
    { what: "an empty name", text: `${status}: b\r\n`, detail: "invalid field line" },
    { what: "no colon", text: `${status}A\r\n`, detail: "invalid field line" },
    { what: "NUL in a value", text: `${status}A: b\0\r\n`, detail: "invalid field line" },
    { what: "CR in a value", text: `${status}A: b\rC: d\r\n`, detail: "invalid field line" },
    { what: "DEL in a value", text: `${status}A: \x7f\r\n`, detail: "invalid field line" },
    { what: "101 fields", text: status + "A: b\r\n".repeat(101), detail: "more than 100 fields" },
    { what: "a long line", text: `${status}A: ${"b".repeat(16_400)}`, detail: "head above 16 KiB" },
    { what: "many lines", text: status + `A: ${"b".repeat(400)}\r\n`.repeat(41), detail: "head above 16 KiB" },
    {
      what: "interim responses without an end",
      text: "HTTP/1.1 102 Processing\r\n\r\n".repeat(700),
      detail: "head above 16 KiB",
    },
  ])("$what", ({ text, detail }) => {
    expect(read(text)).toEqual({ type: "broken", detail });
  });

  test("nothing of 16 KiB or 100 fields exactly", () => {
    const fields = "A: b\r\n".repeat(99);
    const rest = 16_384 - status.length - fields.length - "B: \r\n\r\n".length;
    expect(read(`${status}${fields}B: ${"c".repeat(rest)}\r\n\r\n`)).toMatchObject({ type: "head", end: 16_384 });
    expect(read(`${status}${fields}B: ${"c".repeat(rest + 1)}\r\n\r\n`)).toMatchObject({ type: "broken" });
  });
});

describe("how the bytes are cut", () => {
  const piece = fc.oneof(
    fc.constantFrom("HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 Early\r\n", "\r\n", "\n", "\r", "A: b\r\n", " ", ":", "\0"),
    fc.constant(`C: ${"d".repeat(5_000)}\r\n`),
    fc.string({ unit: "binary-ascii", maxLength: 6 }),
  );
  const anyAnswer = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    fc.array(piece, { maxLength: 12 }).map((pieces) => `HTTP/1.1 404 No\r\n${pieces.join("")}\r\n\r\n`),
  );

  test("never changes what is read", () => {
    fc.assert(
      fc.property(anyAnswer, anyCuts, (text, cuts) => {
        const bytes = Buffer.from(text, "latin1");
        expect(readPieces(cut(bytes, cuts))).toEqual(readPieces([bytes]));
      }),
      { numRuns: 500 },
    );
  });
});
