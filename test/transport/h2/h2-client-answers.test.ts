import { describe, expect, test } from "vitest";
import { connectHawser } from "../../support/hawser-client.ts";
import { goAwaysOf } from "../../support/hawser-serving.ts";
import { Flag, FrameType, H2Code, headersFrame, rawFrame, uint32 } from "../../support/raw-h2.ts";

// What a server may answer on a stream, and what it is reset for (RFC 9113 §8, RFC 8441 §4–5).

const { Headers, Data, RstStream, WindowUpdate, Priority } = FrameType;
const { None, EndStream, EndHeaders } = Flag;
const { NoError, ProtocolError, FlowControlError, StreamClosed, Cancel } = H2Code;
const RefusedStream = 7;

type Fields = readonly (readonly [name: string, value: string])[];

const head = (fields: Fields, endStream = false): Buffer => headersFrame(1, fields, { endStream });
const status = (code: number, ...fields: Fields): Fields => [[":status", String(code)], ...fields];
const text = (content: string, flags: number = None): Buffer => rawFrame(Data, flags, 1, Buffer.from(content));
const reset = (code: number): Buffer => rawFrame(RstStream, None, 1, uint32(code));
const long = "x".repeat(9_000);

describe("an answer", () => {
  test.each([
    { what: "is 200", frames: [head(status(200))], expected: { type: "accepted" } },
    { what: "is another success", frames: [head(status(204))], expected: { type: "accepted" } },
    {
      what: "comes behind interim ones",
      frames: [head(status(100)), head(status(103, ["link", "</a>"])), head(status(200))],
      expected: { type: "accepted", answer: { fields: [] } },
    },
    {
      what: "refuses",
      frames: [head(status(403, ["x-why", "so"], ["content-length", "3"])), text("not"), text("", EndStream)],
      expected: { type: "refused", rejection: { status: 403, fields: ["x-why", "so"], body: Buffer.from("not") } },
    },
    {
      what: "refuses in a head",
      frames: [head(status(304, ["content-length", "9"]), true)],
      expected: { type: "refused" },
    },
    {
      what: "refuses with trailers",
      frames: [head(status(500)), text("no"), head([["x-end", "1"]], true)],
      expected: { type: "refused", rejection: { status: 500, body: Buffer.from("no") } },
    },
    {
      what: "refuses and breaks off",
      frames: [head(status(500)), text("no"), reset(Cancel)],
      expected: { type: "refused", rejection: { status: 500, body: Buffer.from("no") } },
    },
    { what: "is a reset", frames: [reset(Cancel)], expected: { type: "lost", detail: "ended by the server" } },
    { what: "is that nothing was done", frames: [reset(RefusedStream)], expected: { type: "unprocessed" } },
  ])("that $what", async ({ frames, expected }) => {
    const { ask, server } = await connectHawser();
    const { result } = ask();
    server.send(...frames);
    expect(await result).toMatchObject(expected);
  });

  test("that refuses is cut at 64 KiB, and its stream given up", async () => {
    const { ask, server } = await connectHawser();
    const { result } = ask();
    server.send(head(status(500)), ...Array.from({ length: 5 }, () => text("x".repeat(16_000))));
    const refused = await result;
    if (refused.type !== "refused") throw new Error(refused.type);
    expect(refused.rejection.body).toHaveLength(65_536);
    expect(await server.resetCode(1)).toBe(NoError);
  });

  test.each([
    { what: "nothing of it", frames: [], expected: { type: "timeout" }, code: Cancel },
    {
      what: "half a refusal",
      frames: [head(status(403)), text("not")],
      expected: { type: "refused", rejection: { body: Buffer.from("not") } },
      code: NoError,
    },
  ])("of which there is $what when time is up", async ({ frames, expected, code }) => {
    const { ask, server } = await connectHawser();
    const { pending, result } = ask();
    server.send(...frames);
    await server.roundTrip();
    pending.expire();
    expect(await result).toMatchObject(expected);
    expect(await server.resetCode(1)).toBe(code);
  });

  test("that nobody waits for any more is swallowed, its table entries kept", async () => {
    const { ask, server, open } = await connectHawser();
    const { pending, result } = ask();
    pending.abort();
    expect(await result).toEqual({ type: "aborted" });
    server.send(head(status(200)), text("late"), rawFrame(WindowUpdate, None, 1, uint32(1)));
    await open();
    expect(goAwaysOf(server)).toEqual([]);
  });
});

describe("a stream is reset", () => {
  const malformed = { type: "invalid" };
  test.each([
    { why: "DATA before an answer", frames: [text("early")], expected: { type: "lost" } },
    { why: "DATA behind an interim one", frames: [head(status(100)), text("early")], expected: { type: "lost" } },
    { why: "no :status", frames: [head([["a", "b"]])], expected: malformed },
    { why: "an empty head", frames: [head([])], expected: malformed },
    { why: "two of them", frames: [head([...status(200), ...status(200)])], expected: malformed },
    { why: "a :status of two digits", frames: [head([[":status", "20"]])], expected: malformed },
    { why: "a :status that is none", frames: [head([[":status", "600"]])], expected: malformed },
    { why: "a pseudo-field of requests", frames: [head([...status(200), [":path", "/"]])], expected: malformed },
    { why: "a pseudo-field behind a field", frames: [head([["a", "b"], ...status(200)])], expected: malformed },
    { why: "upper case", frames: [head(status(200, ["Upper", "1"]))], expected: malformed },
    { why: "a field of HTTP/1.1", frames: [head(status(200, ["upgrade", "websocket"]))], expected: malformed },
    { why: "101", frames: [head(status(101))], expected: malformed },
    { why: "an interim response that ends", frames: [head(status(103), true)], expected: malformed },
    { why: "an invalid field of a refusal", frames: [head(status(403, ["a b", "1"]))], expected: malformed },
    {
      why: "two lengths",
      frames: [head(status(403, ["content-length", "1"], ["content-length", "1"]))],
      expected: malformed,
    },
    {
      why: "more content than its length",
      frames: [head(status(403, ["content-length", "1"])), text("not")],
      expected: malformed,
    },
    {
      why: "less content than its length",
      frames: [head(status(403, ["content-length", "4"])), text("not", EndStream)],
      expected: malformed,
    },
    { why: "HEADERS behind a refusal", frames: [head(status(403)), head([["a", "b"]])], expected: malformed },
    { why: "a :status in trailers", frames: [head(status(403)), head(status(200), true)], expected: malformed },
    {
      why: "HEADERS that depend on themselves",
      frames: [rawFrame(Headers, EndHeaders | 0x20, 1, Buffer.concat([uint32(1), Buffer.of(1, 0x88)]))],
      expected: malformed,
    },
    {
      why: "a window update of nothing",
      frames: [rawFrame(WindowUpdate, None, 1, uint32(0))],
      expected: { type: "lost" },
    },
    {
      why: "a window that is too large",
      frames: [rawFrame(WindowUpdate, None, 1, uint32(2 ** 31 - 1))],
      expected: { type: "lost" },
      code: FlowControlError,
    },
    {
      why: "a dependency on itself",
      frames: [rawFrame(Priority, None, 1, Buffer.of(0, 0, 0, 1, 0))],
      expected: { type: "lost" },
    },
    {
      why: "a head of too many fields",
      frames: [head(status(200, ...Array.from({ length: 100 }, () => ["a", "1"] as const)))],
      expected: malformed,
      code: Cancel,
    },
    {
      why: "interim heads that are too large together",
      frames: [head(status(103, ["a", long])), head(status(103, ["b", long]))],
      expected: malformed,
      code: Cancel,
    },
  ])("for $why, and the others live on", async ({ frames, expected, code = ProtocolError }) => {
    const { ask, server, open } = await connectHawser();
    const { result } = ask();
    server.send(...frames);
    expect(await result).toMatchObject(expected);
    expect(await server.resetCode(1)).toBe(code);
    await open();
    expect(goAwaysOf(server)).toEqual([]);
  });

  test.each([
    { why: "trailers, which a CONNECT has not", frame: head([["a", "b"]], true), code: ProtocolError },
    { why: "a second answer", frame: head(status(200)), code: ProtocolError },
    {
      why: "more than its window",
      frame: Buffer.concat(Array.from({ length: 6 }, () => text("x".repeat(16_000)))),
      code: FlowControlError,
    },
  ])("once it was accepted, for $why", async ({ frame, code }) => {
    const { open, server } = await connectHawser();
    const { stream, observer } = await open();
    stream.pause();
    server.send(frame);
    await observer.until("the end", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code });
    expect(await server.resetCode(1)).toBe(code);
  });

  test("for HEADERS behind its end", async () => {
    const { open, server } = await connectHawser();
    const { observer } = await open(rawFrame(Data, EndStream, 1));
    await observer.until("the end of the server's half", () => observer.ends === 1);
    server.send(head(status(200)));
    expect(await server.resetCode(1)).toBe(StreamClosed);
  });
});

test("bytes that come with an answer, and its end, are the first of the stream", async () => {
  const { open } = await connectHawser();
  const { observer } = await open(text("hello"), text("!", EndStream));
  await observer.until("the end", () => observer.ends === 1);
  expect(observer.receivedBytes).toBe(6);
});
