import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame, tryDecodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { type ConnectionEvent, ConnectionMachine } from "../../../src/protocol/message/connection-machine.ts";
import { type DeflateDirection, PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import { hex, joined } from "../../support/bits.ts";
import { cutAt } from "../../support/cuts.ts";

const Full: DeflateDirection = { windowBits: 15, contextTakeover: true };
const MaskKey = hex("37 fa 21 3d");

/** Hello, compressed. */
const Hello = hex("f2 48 cd c9 c9 07 00");

function machine(
  role: "server" | "client",
  options: { direction?: DeflateDirection; maxMessageBytes?: number; thresholdBytes?: number } = {},
): ConnectionMachine {
  const { direction = Full, maxMessageBytes = 100_000, thresholdBytes } = options;
  return new ConnectionMachine({
    role,
    extensions: [new PermessageDeflate({ outgoing: direction, incoming: direction }, { thresholdBytes })],
    maxMessageBytes,
    maxFrameBytes: undefined,
    maxFragments: 100,
    incoming: new Traffic(),
    outgoing: new Traffic(),
  });
}

/** A frame of a client: `Text`, `more`, RSV1 … */
function frame(opcode: Opcode, payload: Uint8Array, options: { rsv?: number; fin?: boolean } = {}): Uint8Array {
  const { rsv = 0, fin = true } = options;
  return encodeFrame({ fin, rsv, opcode, payload }, { maskKey: MaskKey });
}

function feed(to: ConnectionMachine, chunks: readonly Uint8Array[]): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  for (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      offset = to.read(chunk, offset, chunk.length);
      const event = to.takeEvent();
      if (event) events.push(event);
    }
  }
  return events;
}

/** What became of the WebSocket, as one line. */
function endOf(events: readonly ConnectionEvent[]): string {
  const last = events.at(-1);
  return last?.type === "closed" ? `${last.closing.code} ${last.closing.error?.code}` : "open";
}

describe("a compressed message", () => {
  test("goes through two machines and any cutting", () => {
    const direction = fc.record({ windowBits: fc.integer({ min: 8, max: 15 }), contextTakeover: fc.boolean() });
    const message = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 500 }),
      fc.nat({ max: 2_000 }).map((times) => "over and over €, ".repeat(times)),
      fc.uint8Array({ maxLength: 500 }),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
    fc.assert(
      fc.property(direction, fc.array(message, { maxLength: 6 }), cuts, (agreed, messages, sizes) => {
        const client = machine("client", { direction: agreed, thresholdBytes: 0 });
        const server = machine("server", { direction: agreed });
        for (const one of messages) client.send(one);
        const events = feed(server, cutAt(joined(client.takeOutput()), sizes));
        expect(events.map((event) => (event.type === "text" ? event.text : "data" in event && event.data))).toEqual(
          messages,
        );
      }),
    );
  });

  test("may be fragmented anywhere, with RSV1 on the first frame only and control frames between", () => {
    for (let at = 0; at <= Hello.length; at++) {
      const server = machine("server");
      const events = feed(server, [
        frame(Opcode.Text, Hello.subarray(0, at), { rsv: 0b100, fin: false }),
        frame(Opcode.Ping, hex("")),
        frame(Opcode.Continuation, Hello.subarray(at)),
      ]);
      expect(events).toEqual([
        { type: "ping", payload: hex("") },
        { type: "text", text: "Hello" },
      ]);
    }
  });

  test("may come in frames of a few bytes, and be more than zlib gives out in one step", () => {
    const text = Array.from({ length: 9_999 }, (_, index) => `${index % 10} and again `).join("");
    const client = machine("client", { maxMessageBytes: 200_000 });
    client.send(text);
    const whole = tryDecodeFrame(joined(client.takeOutput()))?.frame.payload ?? hex("");
    expect(text.length / 65_536).toBeGreaterThan(1.5);
    const size = Math.ceil(whole.length / 90);
    const pieces = Array.from({ length: 90 }, (_, index) => whole.subarray(index * size, (index + 1) * size));
    const frames = pieces.map((piece, index) =>
      frame(index === 0 ? Opcode.Text : Opcode.Continuation, piece, {
        rsv: index === 0 ? 0b100 : 0,
        fin: index === 89,
      }),
    );
    expect(feed(machine("server", { maxMessageBytes: 200_000 }), frames)).toEqual([{ type: "text", text }]);
  });

  test("and one that is not stand side by side", () => {
    const server = machine("server");
    const plain = frame(Opcode.Text, new TextEncoder().encode("plain"));
    const compressed = frame(Opcode.Text, Hello, { rsv: 0b100 });
    const events = feed(server, [
      plain,
      compressed,
      plain,
      frame(Opcode.Binary, hex("f2 00 11 00 00"), { rsv: 0b100 }),
    ]);
    expect(events).toEqual([
      { type: "text", text: "plain" },
      { type: "text", text: "Hello" },
      { type: "text", text: "plain" },
      { type: "binary", data: new TextEncoder().encode("Hello") },
    ]);
  });

  test("is sent as one frame with RSV1; what is small, or not to be compressed, without", () => {
    const server = machine("server");
    server.send("a".repeat(1_000));
    server.send("a".repeat(1_000), { compress: false });
    server.send("small");
    server.close();
    const frames = server.takeOutput().map((bytes) => tryDecodeFrame(bytes)?.frame);
    expect(frames.map((one) => [one?.opcode, one?.rsv, (one?.payload.length ?? 0) > 100])).toEqual([
      [Opcode.Text, 0b100, false],
      [Opcode.Text, 0, true],
      [Opcode.Text, 0, false],
      [Opcode.Close, 0, false],
    ]);
  });
});

describe("the WebSocket fails", () => {
  const bomb = (length: number): Uint8Array => {
    const client = machine("client", { thresholdBytes: 0 });
    client.send(new Uint8Array(length));
    return joined(client.takeOutput());
  };

  test.each([
    {
      name: "on RSV1 of a continuation",
      wire: [
        frame(Opcode.Text, Hello, { rsv: 0b100, fin: false }),
        frame(Opcode.Continuation, hex(""), { rsv: 0b100 }),
      ],
      end: "1002 WS_RSV_UNEXPECTED",
    },
    { name: "on RSV1 of a Ping", wire: [frame(Opcode.Ping, hex(""), { rsv: 0b100 })], end: "1002 WS_RSV_UNEXPECTED" },
    {
      name: "on RSV2, which nobody owns",
      wire: [frame(Opcode.Text, Hello, { rsv: 0b110 })],
      end: "1002 WS_RSV_UNEXPECTED",
    },
    {
      name: "on what is not DEFLATE",
      wire: [frame(Opcode.Text, hex("de ad be ef"), { rsv: 0b100 })],
      end: "1007 WS_DEFLATE_INVALID",
    },
    {
      name: "on no payload at all",
      wire: [frame(Opcode.Text, hex(""), { rsv: 0b100 })],
      end: "1007 WS_DEFLATE_INVALID",
    },
    {
      name: "on text that is not UTF-8 once inflated",
      wire: [frame(Opcode.Text, hex("00 01 00 fe ff ff 00"), { rsv: 0b100 })],
      end: "1007 WS_TEXT_NOT_UTF8",
    },
    { name: "on more than may come out", wire: [bomb(100_001)], end: "1009 WS_MESSAGE_TOO_BIG" },
  ])("$name", ({ wire, end }) => {
    const server = machine("server");
    expect(endOf(feed(server, wire))).toBe(end);
    expect(server.takeOutput()).toHaveLength(1);
  });

  test("but not on as much as may come out, nor on bytes that would not be UTF-8 uncompressed", () => {
    expect(feed(machine("server"), [bomb(100_000)])).toMatchObject([{ type: "binary" }]);
    const invalid = frame(Opcode.Text, Hello, { rsv: 0b100 });
    expect(feed(machine("server"), cutAt(invalid, [1]))).toEqual([{ type: "text", text: "Hello" }]);
  });

  test("and says still what came before", () => {
    const events = feed(machine("server"), [
      frame(Opcode.Text, Hello, { rsv: 0b100 }),
      frame(Opcode.Text, hex("06"), { rsv: 0b100 }),
    ]);
    expect(events[0]).toEqual({ type: "text", text: "Hello" });
    expect(endOf(events)).toBe("1007 WS_DEFLATE_INVALID");
  });
});

test("two owners of an RSV bit make no machine", () => {
  const one = new PermessageDeflate({ outgoing: Full, incoming: Full });
  const options = { role: "server", maxMessageBytes: 1, maxFrameBytes: 1, maxFragments: 1 } as const;
  const build = () =>
    new ConnectionMachine({ ...options, extensions: [one, one], incoming: new Traffic(), outgoing: new Traffic() });
  expect(build).toThrow(TypeError);
});
