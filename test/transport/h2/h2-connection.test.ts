import { describe, expect, test } from "vitest";
import { acceptStream, dataOf, fatalCode, goAwaysOf, serveHawser } from "../../support/hawser-serving.ts";
import { connectFields, Flag, FrameType, H2Code, headersFrame, rawFrame, uint32 } from "../../support/raw-h2.ts";
import { pattern } from "../../support/stream-driver.ts";

const LastOfAll = 2 ** 31 - 1;
const EnhanceYourCalm = 11;

const timersLeft = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

describe("the end of a connection", () => {
  test("no GOAWAY names a later stream than the one before", async () => {
    const served = await serveHawser();
    const { client, connection } = served;
    await acceptStream(served);
    connection.goAway();
    await client.until("the last GOAWAY", () => goAwaysOf(client).length === 2);
    client.send(headersFrame(3, connectFields()), headersFrame(5, connectFields()));
    await client.roundTrip();
    expect(client.framesOf(FrameType.Headers, 3)).toEqual([]);
    client.send(rawFrame(FrameType.Data, Flag.None, 0));
    expect(await fatalCode(client)).toBe(H2Code.ProtocolError);
    expect(goAwaysOf(client)).toEqual([
      [LastOfAll, 0],
      [1, 0],
      [1, H2Code.ProtocolError],
    ]);
  });

  test("a request on its way when the connection was idle for long is served", async () => {
    const served = await serveHawser({ deadlines: { idleConnectionMs: 50 } });
    const { client } = served;
    client.acknowledges = false;
    await client.until("the first GOAWAY", () => goAwaysOf(client).length === 1);
    const { stream, observer } = await acceptStream(served);
    await client.until("the last GOAWAY", () => goAwaysOf(client).length === 2);
    expect(goAwaysOf(client).at(-1)).toEqual([1, 0]);
    stream.write(pattern(10), 0, 10, "kept");
    await client.until("bytes", () => dataOf(client, 1).length === 10);
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 1, pattern(5)));
    await observer.until("the end", () => observer.ends === 1);
    stream.end();
    await client.until("the end of the connection", () => client.isClosed || client.socket.readableEnded);
  });

  test("a client that is dead is found, though the PING that asks it has left", async () => {
    const served = await serveHawser({ deadlines: { headersMs: 20 } });
    const { observer } = await acceptStream(served);
    served.client.acknowledges = false;
    await observer.until("the end", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "connection-lost" });
    expect(served.client.framesOf(FrameType.Ping)).toHaveLength(1);
  });

  test("a client that answers PINGs is left alone", async () => {
    const served = await serveHawser({ deadlines: { headersMs: 10 } });
    const { observer } = await acceptStream(served);
    await served.client.until("three PINGs", () => served.client.framesOf(FrameType.Ping).length === 3);
    expect(observer.ending).toBeUndefined();
  });

  const goAway = (code: number): Buffer => rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, code));
  const half = (frame: Buffer): Buffer => frame.subarray(0, frame.length - 1);

  test.each([
    { how: "GOAWAY with an error and half a frame", frames: [goAway(2), half(headersFrame(3, connectFields()))] },
    { how: "GOAWAY twice", frames: [goAway(0), goAway(0), goAway(2)] },
    { how: "a broken rule and half a frame", frames: [rawFrame(FrameType.Data, 0, 0), Buffer.alloc(3)] },
    { how: "half a frame", frames: [half(headersFrame(3, connectFields()))] },
    { how: "a request that waits", frames: [headersFrame(3, connectFields())] },
    { how: "one that is refused", frames: [headersFrame(3, [...connectFields(), ["host", "other.example"]])] },
  ])("leaves no timer behind $how", async ({ frames }) => {
    const before = timersLeft();
    const { client, sink, socket, closes } = await serveHawser();
    client.send(...frames);
    await sink.until("what was sent", () => socket.bytesRead > 24 || closes() > 0);
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.destroy();
    await sink.until("onClose", () => closes() === 1);
    await expect.poll(timersLeft, { timeout: 1_000 }).toBeLessThanOrEqual(before);
  });

  test("who sends on behind the end is not read for long", async () => {
    const { client, sink, closes, socket } = await serveHawser();
    client.acknowledges = false;
    client.send(rawFrame(FrameType.Data, Flag.None, 0));
    await fatalCode(client);
    const more = Buffer.alloc(65_536);
    const sending = setInterval(() => {
      if (client.socket.writableLength < 1_000_000) client.socket.write(more);
    }, 1);
    await sink.until("onClose", () => closes() === 1);
    clearInterval(sending);
    // A read of the system's may be under way, and another one.
    expect(socket.bytesRead).toBeLessThan(600_000);
  });

  test("what comes behind the end in the same read is not looked at", async () => {
    const { client, sink, closes } = await serveHawser();
    client.send(goAway(0), headersFrame(1, connectFields()), goAway(0));
    await sink.until("onClose", () => closes() === 1 || client.socket.readableEnded);
    client.socket.end();
    await sink.until("onClose", () => closes() === 1);
    expect(sink.openings).toEqual([]);
  });
});

describe("a frame that does not get ready", () => {
  const headersMs = 100;
  const beginnings = [
    { what: "a frame header", bytes: headersFrame(3, connectFields()).subarray(0, 5) },
    { what: "HEADERS", bytes: headersFrame(3, connectFields()).subarray(0, 20) },
    { what: "a block without its end", bytes: rawFrame(FrameType.Headers, Flag.None, 3, Buffer.alloc(0)) },
    { what: "PING", bytes: rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8)).subarray(0, 12) },
    { what: "a frame of an unknown type", bytes: rawFrame(0x42, Flag.None, 0, Buffer.alloc(50)).subarray(0, 12) },
  ];

  test.each(beginnings)("costs a client without a stream its connection: $what", async ({ bytes }) => {
    const { client, sink, closes } = await serveHawser({ deadlines: { headersMs } });
    client.send(bytes);
    expect(await fatalCode(client)).toBe(EnhanceYourCalm);
    expect(sink.refusals).toEqual(["deadline"]);
    // Not after the while that others have to read what they were told.
    await sink.until("onClose", () => closes() === 1, 500);
  });

  test.each(beginnings)("is waited for longer where a stream is open: $what", async ({ bytes }) => {
    const served = await serveHawser({ deadlines: { headersMs } });
    const { observer } = await acceptStream(served);
    served.client.acknowledges = false;
    const startMs = performance.now();
    served.client.send(bytes);
    await observer.until("the end", () => observer.ending !== undefined);
    expect(performance.now() - startMs).toBeGreaterThan(5 * headersMs);
    // Not by asking whether the client is alive, which takes twice as long.
    expect(served.sink.refusals).toEqual(["deadline"]);
  });

  test("is no other one's fault: each block has its own time", async () => {
    // So long that a busy machine writes each part in time.
    const served = await serveHawser({ deadlines: { headersMs: 4 * headersMs } });
    const { client } = served;
    await acceptStream(served);
    const ping = rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8));
    // Each read ends within a frame, for longer than one may take.
    const wire = Buffer.concat(Array.from({ length: 20 }, () => ping));
    for (let at = 0; at < wire.length; at += 15) {
      client.socket.write(wire.subarray(at, at + 15));
      await new Promise((resolve) => setTimeout(resolve, headersMs / 4));
    }
    await client.roundTrip();
    expect(goAwaysOf(client)).toEqual([]);
  });
});
