import { describe, expect, test } from "vitest";
import { FrameScanner } from "../../../src/protocol/frame/frame-scanner.ts";
import { FrameTap, type SeenFrame } from "../../../src/protocol/frame/frame-tap.ts";
import { hex, joined } from "../../support/bits.ts";
import { everyCut } from "../../support/cuts.ts";
import { close1000, fragment, hello, last, long, ownClose, ping } from "../../support/pipe-bench.ts";

const Headers = [
  { opcode: 1, fin: true, payloadLength: 5 },
  { opcode: 1, fin: false, payloadLength: 2 },
  { opcode: 9, fin: true, payloadLength: 0 },
  { opcode: 0, fin: true, payloadLength: 1 },
  { opcode: 2, fin: true, payloadLength: 256 },
  { opcode: 8, fin: true, payloadLength: 4 },
];
const wire = joined([hello, fragment, ping, last, long, close1000]);

/** What a tap tells of `chunks`; `textBytes` of texts. */
function seenOf(chunks: readonly Uint8Array[], textBytes = 0, reader = new FrameScanner()): SeenFrame[] {
  const seen: SeenFrame[] = [];
  const tap = new FrameTap(reader, { textBytes, tell: (frame) => void seen.push(frame) });
  for (const chunk of chunks) tap.take(joined([hex("ff"), chunk]), 1, 1 + chunk.length);
  return seen;
}

function textsOf(seen: readonly SeenFrame[]): (string | undefined)[] {
  return seen.map(({ beginning }) => beginning && new TextDecoder().decode(beginning));
}

describe("a tap", () => {
  test("tells of each frame, however the bytes are cut, and of no payload", () => {
    everyCut(wire, (chunks) => {
      const seen = seenOf(chunks);
      expect(seen).toMatchObject(Headers);
      expect(textsOf(seen)).toEqual(Headers.map(() => undefined));
    });
  });

  test.each([
    { textBytes: 3, text: "hel" },
    { textBytes: 5, text: "heloo" },
    { textBytes: 99, text: "heloo" },
  ])("tells the first $textBytes bytes of a text, unmasked, however it is cut", ({ textBytes, text }) => {
    everyCut(wire, (chunks) => {
      const seen = seenOf(chunks, textBytes);
      expect(seen).toMatchObject(Headers);
      expect(textsOf(seen)).toEqual([text, ...Headers.slice(1).map(() => undefined)]);
    });
  });

  test.each([
    //                             F RSV op     length payload
    { what: "the first of several frames", bytes: "01          02     6869" },
    { what: "one that is compressed", bytes: "c1          02     6869" },
    { what: "a binary one", bytes: "82          02     6869" },
    { what: "an empty one", bytes: "81          00" },
  ])("tells nothing of the payload of $what", ({ bytes }) => {
    expect(textsOf(seenOf([hex(bytes)], 10))).toEqual([undefined]);
  });

  test("begins wherever its reader stands, and tells of no frame of which it has not seen the whole header", () => {
    const whole = [{ opcode: 9 }, { opcode: 0 }];
    const two = joined([hello, ping, last]);
    for (let cut = 0; cut <= hello.length; cut++) {
      const reader = new FrameScanner();
      let offset = 0;
      while (offset < cut) {
        offset += reader.skipPayload(cut - offset);
        if (offset < cut) offset = reader.readHeader(two, offset, cut);
      }
      const seen = seenOf([two.subarray(cut)], 0, reader);
      expect(seen).toMatchObject(cut < 6 ? [{ opcode: 1, payloadLength: 5 }, ...whole] : whole);
    }
  });

  test("shows a Close that is put in between", () => {
    const seen: SeenFrame[] = [];
    new FrameTap(new FrameScanner(), { textBytes: 0, tell: (frame) => void seen.push(frame) }).see(ownClose);
    expect(seen).toMatchObject([{ opcode: 8, fin: true, payloadLength: 2 }]);
  });

  test("sees no more behind a length that is none", () => {
    const seen = seenOf([hex("82 7f ffffffffffffffff"), hello]);
    expect(seen).toEqual([]);
  });
});
