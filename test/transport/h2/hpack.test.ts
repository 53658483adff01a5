import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HpackDecoder, HpackError } from "../../../src/transport/h2/hpack-decoder.ts";
import { HpackEncoder } from "../../../src/transport/h2/hpack-encoder.ts";

const Limits = { maxHeaderBytes: 65_536, maxHeaderCount: 256 };

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

const FirstRequest = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const SecondRequest = [...FirstRequest, "cache-control", "no-cache"];
const ThirdRequest = [
  ...[":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com"],
  ...["custom-key", "custom-value"],
];
const FirstResponse = [
  ...[":status", "302", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ...["location", "https://www.example.com"],
];
const SecondResponse = [":status", "307", ...FirstResponse.slice(2)];
const ThirdResponse = [
  ...[":status", "200", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:22 GMT"],
  ...["location", "https://www.example.com", "content-encoding", "gzip"],
  ...["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
];

// RFC 7541 Appendix C: octets and what they say, block after block of one connection.
const Sessions = [
  {
    name: "C.3, requests without Huffman code",
    maxTableBytes: 4_096,
    blocks: [
      ["828684410f7777772e6578616d706c652e636f6d", FirstRequest],
      ["828684be58086e6f2d6361636865", SecondRequest],
      ["828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", ThirdRequest],
    ],
  },
  {
    name: "C.4, requests with it",
    maxTableBytes: 4_096,
    blocks: [
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", FirstRequest],
      ["828684be5886a8eb10649cbf", SecondRequest],
      ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", ThirdRequest],
    ],
  },
  {
    name: "C.6, responses with it that push one another out of a table of 256",
    maxTableBytes: 256,
    blocks: [
      [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        FirstResponse,
      ],
      ["4883640effc1c0bf", SecondResponse],
      [
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        ThirdResponse,
      ],
    ],
  },
] as const;

describe("the decoder of header blocks", () => {
  test.each(Sessions)("reads $name", ({ maxTableBytes, blocks }) => {
    const decoder = new HpackDecoder(maxTableBytes);
    for (const [hex, fields] of blocks) expect(decoder.decode(bytes(hex), Limits)).toEqual(fields);
  });

  test.each([
    ["index 0", "80"],
    ["an index behind the last entry", "be"],
    ["a name of no entry", "7e 01 61"],
    ["a string that is longer than its block", "40 05 61"],
    ["a block that ends within an integer", "ff ff"],
    ["a block that ends behind a name", "40 01 61"],
    ["an integer of more than 28 bits", "ff ff ff ff ff 7f"],
    ["an integer that never ends", "ff 80 80 80 80 80 80 80 00"],
    ["a size update above what was advertised", "3f e2 1f"],
    ["a size update behind a line", "82 20"],
    ["three size updates", "20 20 20 82"],
    ["a broken Huffman code", "40 81 1e 01 61"],
  ])("refuses %s", (_, hex) => {
    expect(() => new HpackDecoder().decode(bytes(hex), Limits)).toThrow(HpackError);
  });

  test("takes a size update down and up again in front of the first line", () => {
    const decoder = new HpackDecoder();
    expect(decoder.decode(bytes("40 01 61 01 62"), Limits)).toEqual(["a", "b"]);
    expect(decoder.decode(bytes("20 3f e1 1f 82"), Limits)).toEqual([":method", "GET"]);
    // What was in the table is gone.
    expect(() => decoder.decode(bytes("be"), Limits)).toThrow(HpackError);
  });

  test("keeps nothing of what is too much, and goes on with the next block", () => {
    const decoder = new HpackDecoder();
    const large = Buffer.concat([bytes("40 01 61 7f 01"), Buffer.alloc(128, "x")]);
    const limits = { maxHeaderBytes: 1_000, maxHeaderCount: 3 };
    expect(decoder.decode(large, limits)).toEqual(["a", "x".repeat(128)]);
    // One octet a line: a bomb of references.
    expect(decoder.decode(Buffer.alloc(10_000, 0xbe), limits)).toBeUndefined();
    expect(decoder.decode(bytes("82 82 82 82"), limits)).toBeUndefined();
    expect(decoder.decode(bytes("be 82"), limits)).toEqual(["a", "x".repeat(128), ":method", "GET"]);
  });

  test("crashes on no input", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (blocks) => {
        const decoder = new HpackDecoder(256);
        expect(["read", "HpackError"]).toContain(outcomeOf(() => blocks.map((block) => decoder.decode(block, Limits))));
      }),
      { numRuns: 2_000 },
    );
  });
});

function outcomeOf(read: () => unknown): string {
  try {
    read();
    return "read";
  } catch (error) {
    return error instanceof Error ? error.name : "?";
  }
}

const Names = fc.constantFrom(":status", "sec-websocket-protocol", "x-a", "x-b", "cookie", "set-cookie", "date", "via");
const Values = fc.oneof(
  fc.constantFrom("", "200", "404", "gzip, deflate", "chat.v2"),
  fc.uint8Array({ maxLength: 80 }).map((value) => Buffer.from(value).toString("latin1")),
  fc.nat(5_000).map((length) => "v".repeat(length)),
);
const Lines = fc.array(fc.tuple(Names, Values), { maxLength: 12 }).map((lines) => lines.flat());
const TableSizes = fc.constantFrom(0, 1, 64, 256, 4_096, 65_536);

describe("the encoder of header blocks", () => {
  test("is understood, whatever the lines and however the table's size changes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(Lines, fc.array(TableSizes, { maxLength: 3 })), { maxLength: 8 }), (blocks) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(65_536);
        for (const [fields, sizes] of blocks) {
          for (const size of sizes) encoder.limitTable(size);
          expect(decoder.decode(encoder.encode(fields), { maxHeaderBytes: 1e6, maxHeaderCount: 100 })).toEqual(fields);
        }
      }),
    );
  });

  test("says what it has said before in one octet", () => {
    const encoder = new HpackEncoder();
    encoder.encode(["sec-websocket-protocol", "chat.v2"]);
    expect(encoder.encode([":status", "200", "sec-websocket-protocol", "chat.v2"])).toHaveLength(2);
  });

  test.each(["authorization", "cookie", "proxy-authorization", "set-cookie"])(
    "marks %s as never to be indexed",
    (name) => {
      const encoder = new HpackEncoder();
      const first = encoder.encode([name, "secret"]);
      expect(first[0]! & 0xf0).toBe(0x10);
      expect(encoder.encode([name, "secret"])).toEqual(first);
    },
  );

  test("tells of the smallest size and of the last one", () => {
    const encoder = new HpackEncoder();
    for (const size of [100, 50, 2_000]) encoder.limitTable(size);
    expect(Buffer.from(encoder.encode([":method", "GET"])).toString("hex")).toBe("3f133fb10f82");
  });
});
