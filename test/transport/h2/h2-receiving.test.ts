import { describe, expect, test } from "vitest";
import { acceptStream, fatalCode, serveHawser } from "../../support/hawser-serving.ts";
import { heldBytes } from "../../support/held-bytes.ts";
import {
  connectFields,
  Flag,
  FrameType,
  H2Code,
  headersFrame,
  Preface,
  rawFrame,
  settingsFrame,
  uint32,
} from "../../support/raw-h2.ts";
import { pattern } from "../../support/stream-driver.ts";
import { NearObserver, turns } from "../../support/stream-observers.ts";

const data = (streamId: number, payload: Uint8Array, flags: number = Flag.None): Buffer =>
  rawFrame(FrameType.Data, flags, streamId, payload);

const post = (length: number): [string, string][] => [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "example.com"],
  [":path", "/"],
  ["content-length", String(length)],
];

describe("a request's content", () => {
  test.each([
    { what: "more in one frame", frames: [data(1, pattern(10))], seen: 0 },
    { what: "more in a later frame", frames: [data(1, pattern(3)), data(1, pattern(3))], seen: 3 },
    { what: "less, and the end", frames: [data(1, pattern(3), Flag.EndStream)], seen: 3 },
    { what: "more, and the end", frames: [data(1, pattern(6), Flag.EndStream)], seen: 0 },
    {
      what: "less, and trailers",
      frames: [data(1, pattern(3)), headersFrame(1, [["x-a", "b"]], { endStream: true })],
      seen: 3,
    },
  ])("that is $what than was said resets the stream, and nobody sees what is too much", async ({ frames, seen }) => {
    const { client, sink } = await serveHawser();
    let bytes = 0;
    let ends = 0;
    sink.onExchange = ({ body }) => {
      body?.on("data", (part: Buffer) => (bytes += part.length));
      body?.on("end", () => ends++);
    };
    client.send(headersFrame(1, post(5)));
    await sink.nextExchange();
    for (const frame of frames) {
      client.send(frame);
      await client.roundTrip();
      await turns(2);
    }
    expect(await client.resetCode(1)).toBe(H2Code.ProtocolError);
    expect({ bytes, ends }).toEqual({ bytes: seen, ends: 0 });
    await client.roundTrip();
  });

  test("of a length other than was said is an error when it ends with its header block", async () => {
    const { client } = await serveHawser();
    client.send(headersFrame(1, post(5), { endStream: true }), headersFrame(3, post(0), { endStream: true }));
    expect(await client.resetCode(1)).toBe(H2Code.ProtocolError);
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream, 3)).toEqual([]);
  });
});

describe("a client that has not heard of our windows yet", () => {
  test("may send what it may by default, and is held to ours from its acknowledgement on", async () => {
    const { client, sink } = await serveHawser({ handshake: "later", http2: { streamWindowBytes: 1_024 } });
    client.acknowledges = false;
    client.send(Preface, settingsFrame(), headersFrame(1, connectFields()), data(1, pattern(16_384)));
    const stream = (await sink.nextOpening()).accept({});
    stream.pause();
    const observer = new NearObserver(stream);
    stream.start(observer);
    client.send(data(1, pattern(16_384, 16_384)), data(1, pattern(16_384, 32_768)));
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream)).toEqual([]);
    client.send(rawFrame(FrameType.Settings, Flag.Ack, 0));
    stream.resume();
    await observer.until("all of it", () => observer.receivedBytes === 3 * 16_384);
    expect(observer.received.equals(pattern(3 * 16_384))).toBe(true);
    await client.until("a grant", () => client.framesOf(FrameType.WindowUpdate, 1).length > 0);
    // What it knows of is 1 024 bytes, less what it sent, and more by what it was granted since.
    stream.pause();
    const granted = client.framesOf(FrameType.WindowUpdate, 1).reduce((sum, f) => sum + f.payload.readUInt32BE(), 0);
    client.send(data(1, pattern(1_024 - 3 * 16_384 + granted)));
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream)).toEqual([]);
    client.send(data(1, pattern(1_024)));
    expect(await client.resetCode(1)).toBe(H2Code.FlowControlError);
  });
});

describe("small pieces that wait", () => {
  test("cost little more than they are", async () => {
    const served = await serveHawser();
    const { client } = served;
    const ids = Array.from({ length: 16 }, (_, at) => 2 * at + 1);
    const streams = [];
    for (const id of ids) streams.push(await acceptStream(served, id));
    for (const { stream } of streams) stream.pause();
    const before = heldBytes();
    const bytes = 64_000;
    for (const id of ids) {
      const wire = Buffer.concat(Array.from({ length: 125 }, (_, at) => data(id, pattern(8, 8 * at))));
      for (let round = 0; round < bytes / 1_000; round++) client.send(wire);
    }
    await client.roundTrip();
    // An object for each of them would be 20 MB.
    expect(heldBytes() - before).toBeLessThan(12_000_000);
    for (const { stream } of streams) stream.resume();
    for (const { observer } of streams) await observer.until("all", () => observer.receivedBytes === bytes);
    const expected = Buffer.concat(Array.from({ length: bytes / 1_000 }, () => pattern(1_000)));
    expect(streams[0]!.observer.received.equals(expected)).toBe(true);
  });
});

describe("header blocks", () => {
  test.each([
    { what: "padding without its length", flags: Flag.Padded, payload: Buffer.alloc(0), code: H2Code.FrameSizeError },
    { what: "half a priority", flags: 0x20, payload: Buffer.alloc(3), code: H2Code.FrameSizeError },
    { what: "padding before half a priority", flags: 0x28, payload: Buffer.alloc(5), code: H2Code.FrameSizeError },
    { what: "padding over all", flags: Flag.Padded, payload: Buffer.from([5, 0]), code: H2Code.ProtocolError },
    {
      what: "padding into the priority",
      flags: 0x28,
      payload: Buffer.from([1, 0, 0, 0, 0, 0]),
      code: H2Code.ProtocolError,
    },
  ])("with $what end the connection: $code", async ({ flags, payload, code }) => {
    const { client } = await serveHawser();
    client.send(rawFrame(FrameType.Headers, flags | Flag.EndHeaders, 1, payload));
    expect(await fatalCode(client)).toBe(code);
  });

  test("a reset stream of the client's that is forgotten is over all the same", async () => {
    const served = await serveHawser({ http2: { resetBurst: 10_000 } });
    const { client } = served;
    for (let id = 1; id <= 3_001; id += 2) {
      client.send(headersFrame(id, connectFields()), rawFrame(FrameType.RstStream, 0, id, uint32(8)));
    }
    await client.roundTrip();
    client.send(rawFrame(FrameType.WindowUpdate, 0, 1, uint32(1)), rawFrame(FrameType.RstStream, 0, 1, uint32(8)));
    await client.roundTrip();
    client.send(data(1, pattern(1)));
    expect(await fatalCode(client)).toBe(H2Code.StreamClosed);
  });
});
