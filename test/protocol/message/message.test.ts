import { describe, expect, test } from "vitest";
import type { Frame } from "../../../src/protocol/frame/frame.ts";
import type { MessageLimits } from "../../../src/protocol/frame/message-meter.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { ExtensionPipeline } from "../../../src/protocol/message/extension.ts";
import { type Message, MessageAssembler, type MessagePart } from "../../../src/protocol/message/message.ts";
import { hex } from "../../support/bits.ts";

const limits: MessageLimits = { maxMessageBytes: 10, maxFrameBytes: 8, maxFragments: 3 };

function frame(opcode: Opcode, payload: string | Uint8Array, fin: "more" | "fin" = "fin"): Frame {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return { fin: fin === "fin", rsv: 0, opcode, payload: bytes };
}

/** Takes the frames as the connection does: header first, then payload. */
function messagesOf(frames: readonly Frame[], assembler = new MessageAssembler(limits)): (Message | MessagePart)[] {
  return frames.flatMap((one) => {
    assembler.checkHeader({ payloadLength: one.payload.length });
    return assembler.add(one) ?? [];
  });
}

describe("frames become messages", () => {
  test.each([
    { name: "a text", frames: [frame(Opcode.Text, "Hello")], message: { type: "text", text: "Hello" } },
    { name: "an empty text", frames: [frame(Opcode.Text, "")], message: { type: "text", text: "" } },
    { name: "bytes", frames: [frame(Opcode.Binary, hex("00 ff"))], message: { type: "binary", data: hex("00 ff") } },
    {
      name: "a text in three",
      frames: [
        frame(Opcode.Text, "Hel", "more"),
        frame(Opcode.Continuation, "", "more"),
        frame(Opcode.Continuation, "lo"),
      ],
      message: { type: "text", text: "Hello" },
    },
    {
      name: "bytes in two",
      frames: [frame(Opcode.Binary, hex("01"), "more"), frame(Opcode.Continuation, hex("02 03"))],
      message: { type: "binary", data: hex("01 02 03") },
    },
    {
      name: "nothing in two",
      frames: [frame(Opcode.Binary, "", "more"), frame(Opcode.Continuation, "")],
      message: { type: "binary", data: hex("") },
    },
    {
      name: "a character cut in two",
      frames: [frame(Opcode.Text, hex("e2"), "more"), frame(Opcode.Continuation, hex("82 ac"))],
      message: { type: "text", text: "€" },
    },
  ])("$name", ({ frames, message }) => {
    expect(messagesOf(frames)).toEqual([message]);
  });

  test("one after the other, each with the whole of the limits", () => {
    const eight = frame(Opcode.Binary, new Uint8Array(8));
    const three = [
      frame(Opcode.Text, "a", "more"),
      frame(Opcode.Continuation, "b", "more"),
      frame(Opcode.Continuation, "c"),
    ];
    const types = messagesOf([eight, ...three, eight, ...three]).map((message) => message.type);
    expect(types).toEqual(["binary", "text", "binary", "text"]);
  });

  test("with no memory of the text before", () => {
    const euro = [frame(Opcode.Text, hex("e2"), "more"), frame(Opcode.Continuation, hex("82 ac"))];
    expect(messagesOf([...euro, ...euro])).toEqual([
      { type: "text", text: "€" },
      { type: "text", text: "€" },
    ]);
  });

  test("and in between it knows that it is inside one", () => {
    const assembler = new MessageAssembler(limits);
    const inside = [
      frame(Opcode.Text, "", "more"),
      frame(Opcode.Continuation, "", "more"),
      frame(Opcode.Continuation, ""),
    ].map((one) => {
      assembler.add(one);
      return assembler.insideMessage;
    });
    expect([new MessageAssembler(limits).insideMessage, ...inside]).toEqual([false, true, true, false]);
  });
});

describe("limits", () => {
  test.each([
    { name: "one frame that is too long", before: [], payloadLength: 9, code: "WS_FRAME_TOO_BIG" },
    {
      name: "a frame that is too long for what is left",
      before: [frame(Opcode.Binary, new Uint8Array(6), "more")],
      payloadLength: 5,
      code: "WS_MESSAGE_TOO_BIG",
    },
    {
      name: "too many frames, empty as they are",
      before: [
        frame(Opcode.Text, "", "more"),
        frame(Opcode.Continuation, "", "more"),
        frame(Opcode.Continuation, "", "more"),
      ],
      payloadLength: 0,
      code: "WS_TOO_MANY_FRAGMENTS",
    },
  ])("$name: refused by its header", ({ before, payloadLength, code }) => {
    const assembler = new MessageAssembler(limits);
    messagesOf(before, assembler);
    expect(() => assembler.checkHeader({ payloadLength })).toThrow(expect.objectContaining({ code, origin: "peer" }));
  });

  test("what just fits is taken", () => {
    const frames = [
      frame(Opcode.Binary, new Uint8Array(4), "more"),
      frame(Opcode.Continuation, new Uint8Array(6), "more"),
      frame(Opcode.Continuation, ""),
    ];
    expect(messagesOf(frames)).toEqual([{ type: "binary", data: new Uint8Array(10) }]);
  });
});

describe("a text that is not UTF-8", () => {
  const refusal = expect.objectContaining({ code: "WS_TEXT_NOT_UTF8", closeCode: 1007 });

  test("is refused when whole", () => {
    expect(() => messagesOf([frame(Opcode.Text, hex("61 ff"))])).toThrow(refusal);
  });

  test("is refused in the fragment with the bad byte, not at the end", () => {
    expect(() => messagesOf([frame(Opcode.Text, hex("61 ff"), "more")])).toThrow(refusal);
  });

  test("is refused if a character is left open at the end", () => {
    expect(() => messagesOf([frame(Opcode.Text, hex("e2"), "more"), frame(Opcode.Continuation, hex("82"))])).toThrow(
      refusal,
    );
  });

  test("is refused while the frame still arrives, each byte looked at once", () => {
    const assembler = new MessageAssembler(limits);
    assembler.add(frame(Opcode.Text, hex("e2 82"), "more"));
    assembler.addPartial(frame(Opcode.Continuation, hex("ac")));
    assembler.addPartial(frame(Opcode.Continuation, hex("ac 61")));
    expect(() => assembler.addPartial(frame(Opcode.Continuation, hex("ac 61 ff")))).toThrow(refusal);
  });

  test("is refused if an extension made it so of one that is", () => {
    const spoiling = new ExtensionPipeline([
      {
        name: "spoiling",
        rsv: 0,
        encode: (message) => message,
        decode: (message) => {
          message.payload.fill(0xff);
          return message;
        },
      },
    ]);
    const frames = [frame(Opcode.Text, "a", "more"), frame(Opcode.Continuation, "b")];
    expect(() => messagesOf(frames, new MessageAssembler(limits, spoiling))).toThrow(refusal);
  });

  test("does not concern bytes, partial or whole, nor a control frame in between", () => {
    const assembler = new MessageAssembler(limits);
    assembler.addPartial(frame(Opcode.Binary, hex("ff")));
    assembler.add(frame(Opcode.Text, "a", "more"));
    assembler.addPartial(frame(Opcode.Ping, hex("ff")));
    expect(assembler.add(frame(Opcode.Continuation, "b"))).toEqual({ type: "text", text: "ab" });
  });
});
