import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Frame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame, tryDecodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import {
  type ConnectionEvent,
  ConnectionMachine,
  type ConnectionMachineOptions,
} from "../../../src/protocol/message/connection-machine.ts";
import { PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import { hex, joined } from "../../support/bits.ts";
import { cutAt } from "../../support/cuts.ts";

function machineFor(options: Partial<ConnectionMachineOptions> = {}): ConnectionMachine {
  return new ConnectionMachine({
    role: "client",
    maxMessageBytes: 1_000,
    maxFrameBytes: undefined,
    maxFragments: 4,
    incoming: new Traffic(),
    outgoing: new Traffic(),
    ...options,
  });
}

/** Server frames, hence unmasked. */
function wire(opcode: Opcode, payload: string | Uint8Array = "", fin: "fin" | "more" = "fin"): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return encodeFrame({ fin: fin === "fin", rsv: 0, opcode, payload: bytes });
}

/** What comes of `chunks`, one line each: `[` begins a message, `]` ends it. */
function lines(machine: ConnectionMachine, chunks: readonly Uint8Array[]): string[] {
  const said: string[] = [];
  for (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      offset = machine.read(chunk, offset, chunk.length);
      const event = machine.takeEvent();
      if (event) said.push(lineOf(event));
    }
  }
  return said;
}

function lineOf(event: ConnectionEvent): string {
  if (event.type === "closed") return `closed ${event.closing.code}`;
  if (event.type === "text") return `text ${event.text}`;
  if (event.type === "binary") return `binary ${event.data.length}`;
  const text = new TextDecoder().decode(event.type === "part" ? event.data : event.payload);
  if (event.type !== "part") return `${event.type} ${text}`;
  return `${event.of} ${event.isFirst ? "[" : ""}${text}${event.isLast ? "]" : ""}`;
}

describe("in parts, messages come", () => {
  test.each([
    { name: "whole where they arrive whole", chunks: [wire(Opcode.Text, "one")], said: ["text [one]"] },
    {
      name: "as their frames arrive, control frames between",
      chunks: [
        wire(Opcode.Binary, "a", "more"),
        wire(Opcode.Ping, "?"),
        wire(Opcode.Continuation, "b", "more"),
        wire(Opcode.Continuation),
      ],
      said: ["binary [a", "ping ?", "binary b", "binary ]"],
    },
    {
      name: "as the bytes of a frame arrive",
      chunks: cutAt(wire(Opcode.Text, "abcdef"), [4, 2]),
      said: ["text [ab", "text cd", "text ef]"],
    },
    {
      name: "at once when they begin, though empty",
      chunks: cutAt(wire(Opcode.Text, "ab"), [2]),
      said: ["text [", "text ab]"],
    },
    {
      name: "one after the other",
      chunks: [joined([wire(Opcode.Text, "a"), wire(Opcode.Binary, "b"), wire(Opcode.Close)])],
      said: ["text [a]", "binary [b]", "closed 1005"],
    },
  ])("$name", ({ chunks, said }) => {
    const machine = machineFor();
    machine.deliverParts();
    expect(lines(machine, chunks)).toEqual(said);
  });

  test("or whole, as is asked for between them; once a part is out the rest follows", () => {
    const machine = machineFor();
    expect(lines(machine, [wire(Opcode.Text, "whole")])).toEqual(["text whole"]);
    machine.deliverParts();
    expect(lines(machine, [wire(Opcode.Text, "par", "more")])).toEqual(["text [par"]);
    machine.deliverWhole();
    expect(lines(machine, [wire(Opcode.Continuation, "ts"), wire(Opcode.Text, "again")])).toEqual([
      "text ts]",
      "text again",
    ]);
  });

  test.each([
    { name: "of whole frames", chunks: [wire(Opcode.Text, "a", "more"), wire(Opcode.Continuation, "b", "more")] },
    { name: "of part of a frame", chunks: cutAt(wire(Opcode.Text, "abc", "more"), [4]) },
    {
      name: "of both",
      chunks: [wire(Opcode.Text, "a", "more"), wire(Opcode.Continuation, "bc", "more").subarray(0, 3)],
    },
    {
      name: "with half a Ping behind it",
      chunks: [wire(Opcode.Text, "ab", "more"), wire(Opcode.Ping, "xx").subarray(0, 3)],
    },
  ])("from what is held on, when they are asked for within: $name", ({ chunks }) => {
    const machine = machineFor();
    lines(machine, chunks.slice(0, 2));
    expect(machine.heldBytes).toBeGreaterThan(0);
    machine.deliverParts();
    const event = machine.takeEvent();
    expect(event && lineOf(event)).toMatch(/^text \[ab?c?$/);
    expect(machine.heldBytes).toBe(0);
  });

  test("as nothing where nothing is held", () => {
    const machine = machineFor();
    machine.deliverParts();
    expect(machine.takeEvent()).toBeUndefined();
    lines(machine, [wire(Opcode.Text, "done")]);
    machine.deliverWhole();
    machine.deliverParts();
    expect(machine.takeEvent()).toBeUndefined();
  });

  test("whole where they were compressed", () => {
    const direction = { windowBits: 15, contextTakeover: false };
    const deflate = (): PermessageDeflate => new PermessageDeflate({ outgoing: direction, incoming: direction });
    const frame: Frame = { fin: true, rsv: 0, opcode: Opcode.Text, payload: new TextEncoder().encode("z".repeat(999)) };
    const compressed = encodeFrame(deflate().encode(frame, {}));
    const machine = machineFor({ extensions: [deflate()] });
    machine.deliverParts();
    expect(lines(machine, cutAt(compressed, [4]))).toEqual([`text ${"z".repeat(999)}`]);
  });

  test("and are given away: a frame of any length takes no more memory than what one read brings of it", () => {
    const machine = machineFor({ maxMessageBytes: undefined });
    machine.deliverParts();
    const frameBytes = 1_000_000;
    const bytes = wire(Opcode.Binary, new Uint8Array(frameBytes).fill(7));
    const buffers: number[] = [];
    let given = 0;
    for (const chunk of cutAt(bytes, [10_000])) {
      machine.read(chunk, 0, chunk.length);
      const event = machine.takeEvent();
      if (event?.type !== "part") continue;
      given += event.data.length;
      buffers.push(event.data.buffer.byteLength);
    }
    expect(given).toBe(frameBytes);
    expect(Math.max(...buffers)).toBeLessThan(30_000);
  });

  test("the same, however they are cut", () => {
    const messages = [
      wire(Opcode.Text, "€uro", "more"),
      wire(Opcode.Continuation, " and ¢ent"),
      wire(Opcode.Binary, "xyz"),
    ];
    const whole = joined(messages);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (cuts) => {
        const machine = machineFor();
        machine.deliverParts();
        const bytes: Uint8Array[] = [];
        const marks: string[] = [];
        for (const chunk of cutAt(whole, cuts)) {
          for (let offset = 0; offset < chunk.length;) {
            offset = machine.read(chunk, offset, chunk.length);
            const event = machine.takeEvent();
            if (event?.type !== "part") continue;
            bytes.push(event.data);
            if (event.isFirst) marks.push(`[${event.of}`);
            if (event.isLast) marks.push("]");
          }
        }
        expect(new TextDecoder().decode(joined(bytes))).toBe("€uro and ¢entxyz");
        expect(marks).toEqual(["[text", "]", "[binary", "]"]);
        expect(machine.heldBytes).toBe(0);
      }),
    );
  });
});

describe("limits and UTF-8 hold for parts too", () => {
  test.each([
    {
      name: "a frame too large, by its header",
      bytes: wire(Opcode.Binary, new Uint8Array(1_001)).subarray(0, 4),
      said: 1009,
    },
    {
      name: "frames too large together",
      bytes: joined([wire(Opcode.Binary, new Uint8Array(900), "more"), wire(Opcode.Continuation, new Uint8Array(101))]),
      said: 1009,
    },
    {
      name: "more frames than may be, though empty",
      bytes: joined([
        wire(Opcode.Text, "", "more"),
        ...Array.from({ length: 4 }, () => wire(Opcode.Continuation, "", "more")),
      ]),
      said: 1008,
    },
    {
      name: "a byte that is no text, before its frame has ended",
      bytes: wire(Opcode.Text, hex("61 ff 61 61")).subarray(0, 4),
      said: 1007,
    },
    {
      name: "a character that the next frame breaks",
      bytes: joined([wire(Opcode.Text, hex("e2 82"), "more"), wire(Opcode.Continuation, hex("41"))]),
      said: 1007,
    },
    {
      name: "a text that ends within a character",
      bytes: joined([wire(Opcode.Text, hex("e2 82"), "more"), wire(Opcode.Continuation)]),
      said: 1007,
    },
  ])("$name", ({ bytes, said }) => {
    const machine = machineFor();
    machine.deliverParts();
    expect(lines(machine, [bytes]).at(-1)).toBe(`closed ${said}`);
  });

  test("what is not text comes out in no part", () => {
    const machine = machineFor();
    machine.deliverParts();
    expect(lines(machine, [wire(Opcode.Text, hex("61 ff"))])).toEqual(["closed 1007"]);
  });
});

describe("sent in parts", () => {
  /** The frames that `machine` has to send. */
  function sent(machine: ConnectionMachine): string[] {
    return machine.takeOutput().map((bytes) => {
      const { fin, opcode, payload } = tryDecodeFrame(bytes)!.frame;
      return `${fin ? "fin" : "more"} ${opcode} ${new TextDecoder().decode(payload)}`;
    });
  }

  test("a message leaves as fragments, control frames between", () => {
    const machine = machineFor({ role: "server" });
    machine.sendPart("text", new TextEncoder().encode("a"), "more");
    machine.ping(new TextEncoder().encode("?"));
    machine.sendPart("text", new TextEncoder().encode("b"), "more");
    machine.sendPart("text", new Uint8Array(0), "last");
    machine.sendPart("binary", new Uint8Array(0), "last");
    machine.send("whole");
    expect(sent(machine)).toEqual(["more 1 a", "fin 9 ?", "more 0 b", "fin 0 ", "fin 2 ", "fin 1 whole"]);
  });

  test("nothing else may be begun within, and a Close may", () => {
    const machine = machineFor({ role: "server" });
    machine.sendPart("binary", hex("01"), "more");
    expect(() => machine.send("other")).toThrow(TypeError);
    machine.close(1000);
    expect(() => machine.sendPart("binary", hex("01"), "last")).toThrow(
      expect.objectContaining({ code: "WS_NOT_OPEN", origin: "caller" }),
    );
    expect(() => machine.ping(hex(""))).toThrow(expect.objectContaining({ code: "WS_NOT_OPEN" }));
    expect(machine.takeOutput()).toHaveLength(2);
  });

  test("a text must be UTF-8, over its parts; nothing of a part that is not has left", () => {
    const refusal = expect.objectContaining({ code: "WS_TEXT_NOT_UTF8", origin: "caller" });
    const machine = machineFor({ role: "server" });
    expect(() => machine.sendPart("text", hex("ff"), "more")).toThrow(refusal);
    machine.sendPart("text", hex("e2 82"), "more");
    machine.sendPart("text", hex("ac"), "more");
    machine.sendPart("text", hex("e2"), "more");
    expect(() => machine.sendPart("text", hex(""), "last")).toThrow(refusal);
    expect(sent(machine)).toHaveLength(3);
    const bytes = machineFor({ role: "server" });
    bytes.sendPart("binary", hex("ff"), "last");
    expect(bytes.takeOutput()).toHaveLength(1);
  });

  test("a Ping of more than 125 bytes is refused", () => {
    expect(() => machineFor().ping(new Uint8Array(126))).toThrow(
      expect.objectContaining({ code: "WS_CONTROL_TOO_LONG" }),
    );
  });
});
