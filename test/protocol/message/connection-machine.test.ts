import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, parseClosePayload } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame, tryDecodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { type ConnectionEvent, ConnectionMachine } from "../../../src/protocol/message/connection-machine.ts";
import { hex, joined } from "../../support/bits.ts";

const Key = hex("37 fa 21 3d");

function machine(role: "server" | "client" = "server") {
  const incoming = new Traffic();
  const outgoing = new Traffic();
  const options = { role, maxMessageBytes: 1000, maxFrameBytes: undefined, maxFragments: 10, incoming, outgoing };
  return { machine: new ConnectionMachine(options), incoming, outgoing };
}

/** What a client sends: one frame, masked. */
function fromClient(opcode: Opcode, payload: Uint8Array | string = "", fin: "fin" | "more" = "fin"): Uint8Array {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return encodeFrame({ fin: fin === "fin", rsv: 0, opcode, payload: bytes }, { maskKey: Key });
}

function feed(to: ConnectionMachine, ...parts: Uint8Array[]): ConnectionEvent[] {
  const wire = joined(parts);
  const events: ConnectionEvent[] = [];
  for (let offset = 0; offset < wire.length;) {
    offset = to.read(wire, offset, wire.length);
    events.push(...eventsOf(to));
  }
  return events;
}

function eventsOf(of: ConnectionMachine): ConnectionEvent[] {
  const event = of.takeEvent();
  return event ? [event] : [];
}

/** The frames sent, as one line of text each. */
function sentBy(sender: ConnectionMachine): string[] {
  const wire = joined(sender.takeOutput());
  const frames: Frame[] = [];
  for (let at = 0, next = tryDecodeFrame(wire); next; next = tryDecodeFrame(wire, at)) {
    frames.push(next.frame);
    at += next.length;
  }
  return frames.map(described);
}

function described({ opcode, payload }: Frame): string {
  const name = Object.entries(Opcode).find(([, value]) => value === opcode)?.[0];
  if (opcode !== Opcode.Close) return `${name} ${new TextDecoder().decode(payload)}`;
  const { code, reason } = parseClosePayload(payload);
  return `Close ${code} ${reason}`.trim();
}

const closeWith = (code: number, reason = ""): Uint8Array =>
  joined([Uint8Array.of(code >> 8, code & 0xff), new TextEncoder().encode(reason)]);

describe("messages", () => {
  test("come out as they were sent, in order, Pongs among fragments", () => {
    const { machine: server } = machine();
    const events = feed(
      server,
      fromClient(Opcode.Text, "Hel", "more"),
      fromClient(Opcode.Ping, "there?"),
      fromClient(Opcode.Continuation, "lo"),
      fromClient(Opcode.Pong, "unasked"),
      fromClient(Opcode.Binary, hex("00 ff")),
    );
    expect(events).toEqual([
      { type: "ping", payload: new TextEncoder().encode("there?") },
      { type: "text", text: "Hello" },
      { type: "pong", payload: new TextEncoder().encode("unasked") },
      { type: "binary", data: hex("00 ff") },
    ]);
    expect(sentBy(server)).toEqual(["Pong there?"]);
  });

  test("go from one machine to the other and back, masked by the client only", () => {
    const { machine: client } = machine("client");
    const { machine: server } = machine("server");
    client.send("from the client");
    const toServer = client.takeOutput();
    server.send(hex("01 02"));
    const toClient = server.takeOutput();
    expect(feed(server, ...toServer)).toEqual([{ type: "text", text: "from the client" }]);
    expect(feed(client, ...toClient)).toEqual([{ type: "binary", data: hex("01 02") }]);
    expect([toServer[0]![1]! & 0x80, toClient[0]![1]! & 0x80]).toEqual([0x80, 0]);
  });

  test("each frame of a client has its own masking key", () => {
    const { machine: client } = machine("client");
    for (let count = 0; count < 20; count++) client.send("x");
    const keys = client.takeOutput().map((bytes) => bytes.slice(2, 6).join());
    expect(new Set(keys).size).toBeGreaterThan(15);
  });

  test("what was sent is not what is given out: the caller may reuse its bytes", () => {
    const { machine: server } = machine();
    const data = hex("01 02");
    server.send(data);
    data.fill(0);
    expect(joined(server.takeOutput())).toEqual(hex("82 02 01 02"));
    expect(server.takeOutput()).toEqual([]);
  });
});

describe("closing", () => {
  test.each([
    { name: "with a code", payload: closeWith(1001), code: 1001, reason: "", answer: "Close 1001" },
    {
      name: "with a code and a reason",
      payload: closeWith(4000, "bye"),
      code: 4000,
      reason: "bye",
      answer: "Close 4000",
    },
    { name: "without a code", payload: hex(""), code: 1005, reason: "", answer: "Close 1005" },
  ])("the peer's Close $name is answered once, by the same code", ({ payload, code, reason, answer }) => {
    const { machine: server } = machine();
    const events = feed(server, fromClient(Opcode.Close, payload), fromClient(Opcode.Text, "late"));
    const closing = { code, reason, peerClose: { code, reason }, initiator: "peer", clean: true, error: undefined };
    expect(events).toEqual([{ type: "closed", closing }]);
    expect(sentBy(server)).toEqual([answer]);
    expect(server.state).toBe("closed");
  });

  test("ours is answered by the peer's, whatever code that has", () => {
    const { machine: server } = machine();
    server.close(4001, "enough");
    expect(server.state).toBe("closing");
    expect(sentBy(server)).toEqual(["Close 4001 enough"]);
    const peerClose = { code: 1000, reason: "as you like" };
    const closing = { code: 4001, reason: "enough", peerClose, initiator: "local", clean: true, error: undefined };
    expect(feed(server, fromClient(Opcode.Close, closeWith(1000, "as you like")))).toEqual([
      { type: "closed", closing },
    ]);
    expect(sentBy(server)).toEqual([]);
  });

  test("ours is without a code for 1005", () => {
    const { machine: server } = machine();
    server.close(1005, "unsaid");
    expect(sentBy(server)).toEqual(["Close 1005"]);
    expect(feed(server, fromClient(Opcode.Close, hex("")))).toMatchObject([
      { closing: { code: 1005, reason: "", peerClose: { code: 1005, reason: "" }, clean: true } },
    ]);
  });

  test("after ours, messages and Pings are dropped and nothing is sent", () => {
    const { machine: server } = machine();
    server.close();
    server.close(4000, "again");
    expect(
      feed(server, fromClient(Opcode.Ping, "?"), fromClient(Opcode.Text, "late"), fromClient(Opcode.Pong)),
    ).toEqual([]);
    expect(() => server.send("late")).toThrow(expect.objectContaining({ code: "WS_NOT_OPEN", origin: "caller" }));
    expect(sentBy(server)).toEqual(["Close 1000"]);
    expect(server.state).toBe("closing");
  });

  test("a code that may not be sent is refused and changes nothing", () => {
    const { machine: server } = machine();
    expect(() => server.close(1006)).toThrow(
      expect.objectContaining({ code: "WS_CLOSE_CODE_INVALID", origin: "caller" }),
    );
    server.send("still open");
    server.close(1000);
    expect(sentBy(server)).toEqual(["Text still open", "Close 1000"]);
  });

  test("a reason too long is cut at a character, and told as it was sent", () => {
    const { machine: server } = machine();
    server.close(1000, "€".repeat(50));
    expect(sentBy(server)).toEqual([`Close 1000 ${"€".repeat(41)}`]);
    expect(feed(server, fromClient(Opcode.Close))).toMatchObject([
      { closing: { reason: "€".repeat(41), clean: true } },
    ]);
  });

  test.each([
    { name: "open, by the peer", act: () => {}, initiator: "peer", code: 1006 },
    { name: "open, by us", act: () => {}, initiator: "local", code: 1006 },
    { name: "after our Close", act: (server: ConnectionMachine) => server.close(4000), initiator: "local", code: 4000 },
  ] as const)("the transport's end while $name is not clean", ({ act, initiator, code }) => {
    const { machine: server } = machine();
    act(server);
    server.end(code === 4000 ? "peer" : initiator);
    expect(eventsOf(server)).toEqual([
      { type: "closed", closing: { code, reason: "", initiator, clean: false, error: undefined } },
    ]);
    server.end("peer");
    expect(eventsOf(server)).toEqual([]);
  });

  test("the transport's end after the peer's Close changes nothing", () => {
    const { machine: server } = machine();
    feed(server, fromClient(Opcode.Close, closeWith(1000)));
    server.end("peer");
    expect(eventsOf(server)).toEqual([]);
  });
});

describe("a broken rule", () => {
  const bad = hex("83 80 00000000");
  const tooBig = hex("82 fe 03e9 00000000");
  const notText = fromClient(Opcode.Text, hex("ff"));

  test.each([
    { name: "frame", wire: bad, code: 1002, error: "WS_OPCODE_RESERVED" },
    { name: "mask", wire: hex("81 01 61"), code: 1002, error: "WS_MASK_MISSING" },
    { name: "RSV bit", wire: hex("c1 80 00000000"), code: 1002, error: "WS_RSV_UNEXPECTED" },
    { name: "order", wire: hex("80 80 00000000"), code: 1002, error: "WS_CONTINUATION_UNEXPECTED" },
    { name: "length", wire: hex("81 fe 0001 00000000"), code: 1002, error: "WS_LENGTH_NOT_MINIMAL" },
    { name: "size, by the header alone", wire: tooBig, code: 1009, error: "WS_MESSAGE_TOO_BIG" },
    { name: "text", wire: notText, code: 1007, error: "WS_TEXT_NOT_UTF8" },
    {
      name: "text, before the frame is whole",
      wire: notText.with(1, 0x80 | 100),
      code: 1007,
      error: "WS_TEXT_NOT_UTF8",
    },
    { name: "Close code", wire: fromClient(Opcode.Close, closeWith(1006)), code: 1002, error: "WS_CLOSE_CODE_INVALID" },
    { name: "Close payload", wire: fromClient(Opcode.Close, hex("03")), code: 1002, error: "WS_CLOSE_PAYLOAD_INVALID" },
  ])("($name) is answered by Close $code, behind what came before it", ({ wire, code, error }) => {
    const { machine: server } = machine();
    const events = feed(server, fromClient(Opcode.Text, "before"), wire, fromClient(Opcode.Text, "behind"));
    expect(events).toEqual([
      { type: "text", text: "before" },
      {
        type: "closed",
        closing: {
          code,
          reason: expect.stringContaining(error),
          initiator: "local",
          clean: false,
          error: expect.objectContaining({ code: error, origin: "peer" }),
        },
      },
    ]);
    expect(sentBy(server)).toEqual([expect.stringMatching(new RegExp(`^Close ${code} .*${error}`))]);
  });

  test("after our Close gets no second Close, and ours stays the reason", () => {
    const { machine: server } = machine();
    server.close(1001);
    expect(feed(server, bad)).toMatchObject([{ closing: { code: 1001, initiator: "local", clean: false } }]);
    expect(sentBy(server)).toEqual(["Close 1001"]);
  });

  test("a server that masks is refused by a client", () => {
    const { machine: client } = machine("client");
    expect(feed(client, fromClient(Opcode.Text, "a"))).toMatchObject([
      { closing: { error: { code: "WS_MASK_UNEXPECTED" } } },
    ]);
  });

  test("control frames among fragments are neither counted nor measured", () => {
    const { machine: server } = machine();
    const pings = Array.from({ length: 20 }, () => fromClient(Opcode.Ping, "x".repeat(125)));
    const events = feed(
      server,
      fromClient(Opcode.Text, "a".repeat(1000), "more"),
      ...pings,
      fromClient(Opcode.Continuation),
    );
    expect(events.at(-1)).toEqual({ type: "text", text: "a".repeat(1000) });
  });

  test("fragments are counted and measured together", () => {
    const first = fromClient(Opcode.Binary, new Uint8Array(900), "more");
    const { machine: measured } = machine();
    expect(feed(measured, first, hex("80 e5 00000000"))).toMatchObject([{ closing: { code: 1009 } }]);
    const { machine: counted } = machine();
    const empty = Array.from({ length: 10 }, () => fromClient(Opcode.Continuation, "", "more"));
    expect(feed(counted, first, ...empty)).toMatchObject([{ closing: { code: 1008 } }]);
  });
});

test("traffic counts bytes and frames both ways, and no frame that was refused", () => {
  const { machine: server, incoming, outgoing } = machine();
  server.send("four");
  const ping = fromClient(Opcode.Ping, "?");
  const refused = hex("81 01 61");
  feed(server, fromClient(Opcode.Text, "a", "more"), ping, fromClient(Opcode.Continuation, "b"), refused);
  expect(incoming).toMatchObject({ bytes: 24, continuation: 1, text: 1, binary: 0, close: 0, ping: 1, pong: 0 });
  const sent = joined(server.takeOutput());
  expect(outgoing).toMatchObject({
    bytes: sent.length,
    continuation: 0,
    text: 1,
    binary: 0,
    close: 1,
    ping: 0,
    pong: 1,
  });
});

describe("laws", () => {
  const anyChunk = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc
      .constantFrom(Opcode.Text, Opcode.Binary, Opcode.Continuation, Opcode.Ping, Opcode.Pong)
      .map((opcode) => fromClient(opcode, "ab")),
    fc.constantFrom(Opcode.Text, Opcode.Continuation).map((opcode) => fromClient(opcode, "ab", "more")),
    fc
      .constantFrom(hex(""), closeWith(1000), closeWith(1005), hex("03"))
      .map((payload) => fromClient(Opcode.Close, payload)),
  );
  const anyStep = fc.oneof({ weight: 6, arbitrary: anyChunk }, fc.constantFrom("send", "close", "end"));

  test("whatever comes: one Close at most and nothing behind it, one end at most and no event behind it", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
        const { machine: server } = machine();
        const events: ConnectionEvent[] = [];
        for (const step of steps) {
          if (step === "send" && server.state === "open") server.send("out");
          else if (step === "close") server.close(4000);
          else if (step === "end") server.end("peer");
          else if (typeof step !== "string") events.push(...feed(server, step));
          events.push(...eventsOf(server));
        }
        const types = events.map((event) => event.type);
        const sent = sentBy(server).map((line) => line.split(" ")[0]);
        expect(types.slice(0, -1)).not.toContain("closed");
        expect(sent.slice(0, -1)).not.toContain("Close");
        expect(types.at(-1) === "closed").toBe(server.state === "closed");
      }),
      { numRuns: 1000 },
    );
  });

  test("where the bytes are cut changes neither events nor answers", () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 8 }), (chunks) => {
        const whole = machine();
        const cut = machine();
        const events = feed(whole.machine, ...chunks);
        const bytes = [...joined(chunks)].map((byte) => Uint8Array.of(byte));
        const cutEvents = bytes.flatMap((byte) => feed(cut.machine, byte));
        expect(cutEvents).toEqual(events);
        expect(sentBy(cut.machine)).toEqual(sentBy(whole.machine));
      }),
      { numRuns: 300 },
    );
  });
});
