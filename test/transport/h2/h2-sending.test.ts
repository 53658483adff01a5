import { describe, expect, test } from "vitest";
import type { ByteStream } from "../../../src/transport/byte-stream.ts";
import { acceptStream, dataOf, endOf, goAwaysOf, serveHawser } from "../../support/hawser-serving.ts";
import {
  connectFields,
  Flag,
  FrameType,
  headersFrame,
  rawFrame,
  settingsFrame,
  uint32,
  type RawFrame,
} from "../../support/raw-h2.ts";
import { pattern } from "../../support/stream-driver.ts";

const InitialWindowSize = 4;

const endOfClient = (streamId: number): Buffer => rawFrame(FrameType.Data, Flag.EndStream, streamId);

describe("what streams send", () => {
  test("END_STREAM leaves though a setting has made the window negative", async () => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 20]] });
    const { client } = served;
    const { stream } = await acceptStream(served);
    stream.write(pattern(20), 0, 20, "kept");
    await client.until("what the window lets go", () => dataOf(client, 1).length === 20);
    client.send(settingsFrame([[InitialWindowSize, 5]]));
    await client.roundTrip();
    stream.end();
    await client.until("END_STREAM", () => endOf(client, 1) !== undefined);
    expect(endOf(client, 1)?.payload).toHaveLength(0);
    await client.roundTrip();
    expect(dataOf(client, 1)).toEqual(pattern(20));
  });

  test("no DATA comes before its header block, whoever is told to go on meanwhile", async () => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 50]] });
    const { client, sink } = served;
    const first = await acceptStream(served);
    client.send(headersFrame(3, connectFields()));
    const opening = await sink.nextOpening(2);
    first.stream.highWaterBytes = 10;
    first.observer.onDrain = () => {
      const second = opening.accept({});
      second.write(pattern(50), 0, 50, "kept");
    };
    first.stream.write(pattern(100), 0, 100, "kept");
    client.send(rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(50)));
    await client.until("the second stream's bytes", () => dataOf(client, 3).length === 50);
    const types = client.frames.filter(({ streamId }) => streamId === 3).map(({ type }) => type);
    expect(types).toEqual([FrameType.Headers, FrameType.Data]);
  });

  test.each([
    { what: "ends", act: (stream: ByteStream) => stream.end(), sent: 40 },
    { what: "is reset", act: (stream: ByteStream) => stream.abort("cancel"), sent: 0 },
  ])("nothing leaves behind the end of a stream that $what while a write is put together", async ({ act, sent }) => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 50]] });
    const { client, sink } = served;
    const first = await acceptStream(served);
    client.send(headersFrame(3, connectFields()));
    const second = (await sink.nextOpening(2)).accept({});
    const framesOfSecond = () => client.frames.filter(({ streamId }) => streamId === 3);
    await client.until("the second stream's head", () => framesOfSecond().length > 0);
    first.stream.highWaterBytes = 10;
    first.observer.onDrain = () => {
      second.write(pattern(40), 0, 40, "kept");
      act(second);
    };
    first.stream.write(pattern(100), 0, 100, "kept");
    client.send(rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(50)));
    const isLast = ({ type, flags }: RawFrame): boolean => type === FrameType.RstStream || flags === Flag.EndStream;
    await client.until("the end", () => framesOfSecond().some(isLast));
    await client.roundTrip();
    expect(framesOfSecond().findIndex(isLast)).toBe(framesOfSecond().length - 1);
    expect(dataOf(client, 3)).toEqual(pattern(sent));
  });

  test.each([
    { what: "answers PINGs", acknowledges: true },
    { what: "answers none", acknowledges: false },
  ])("more than may be on its way reaches a client that $what", async ({ acknowledges }) => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 2 ** 20]] });
    const { client } = served;
    const { stream } = await acceptStream(served);
    client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(2 ** 20)));
    client.acknowledges = acknowledges;
    stream.write(pattern(500_000), 0, 500_000, "kept");
    await client.until("the first of it", () => dataOf(client, 1).length >= 65_000);
    stream.write(pattern(100), 0, 100, "kept");
    await client.until("all", () => dataOf(client, 1).length === 500_100);
    expect(dataOf(client, 1).subarray(0, 500_000).equals(pattern(500_000))).toBe(true);
    expect(client.framesOf(FrameType.Ping).length).toBeGreaterThan(0);
  });

  test("a small message passes a large one that waits for what is on its way", async () => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 2 ** 20]] });
    const { client } = served;
    const large = await acceptStream(served, 1);
    const small = await acceptStream(served, 3);
    client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(2 ** 20)));
    client.acknowledges = false;
    large.stream.write(pattern(500_000), 0, 500_000, "kept");
    await client.until("what may be on its way", () => dataOf(client, 1).length >= 65_000);
    const seen = dataOf(client, 1).length;
    for (let message = 0; message < 10; message++) {
      small.stream.write(pattern(100), 0, 100, "kept");
      await client.roundTrip();
    }
    expect([dataOf(client, 3).length, dataOf(client, 1).length]).toEqual([1_000, seen]);
  });

  test("the last bytes of the last stream leave behind the last GOAWAY", async () => {
    const served = await serveHawser();
    const { client, connection } = served;
    const { stream, observer } = await acceptStream(served);
    client.send(endOfClient(1));
    await observer.until("the client's end", () => observer.ends === 1);
    connection.goAway();
    await client.until("the last GOAWAY", () => goAwaysOf(client).at(-1)?.[0] === 1);
    stream.write(pattern(10_000), 0, 10_000, "kept");
    stream.end();
    await client.until("the end of the connection", () => client.isClosed || client.socket.readableEnded);
    expect(dataOf(client, 1).equals(pattern(10_000))).toBe(true);
    expect(endOf(client, 1)).toBeDefined();
  });

  test("a stream that is reset while it waits for the connection's window keeps no one from leaving", async () => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 1_000_000]] });
    const { client, connection } = served;
    const { stream } = await acceptStream(served);
    stream.write(pattern(100_000), 0, 100_000, "kept");
    await client.until("all that the connection lets go", () => dataOf(client, 1).length === 65_535);
    connection.goAway();
    await client.until("the last GOAWAY", () => goAwaysOf(client).length === 2);
    client.send(rawFrame(FrameType.RstStream, Flag.None, 1, uint32(8)));
    await client.until("the end of the connection", () => client.isClosed || client.socket.readableEnded);
  });

  test("bytes, an end and a reset that come while others wait leave in their order", async () => {
    const served = await serveHawser({ settings: [[InitialWindowSize, 0]] });
    const { client } = served;
    const streams = [];
    for (const id of [1, 3, 5]) streams.push((await acceptStream(served, id)).stream);
    for (const stream of streams) stream.write(pattern(30_000), 0, 30_000, "kept");
    streams[0]!.end();
    streams[1]!.abort("cancel");
    expect(await client.resetCode(3)).toBe(8);
    client.send(settingsFrame([[InitialWindowSize, 30_000]]));
    await client.until("both", () => dataOf(client, 1).length === 30_000 && dataOf(client, 5).length === 30_000);
    expect(dataOf(client, 3)).toHaveLength(0);
    await client.until("END_STREAM", () => endOf(client, 1) !== undefined);
    expect(endOf(client, 5)).toBeUndefined();
    // In turns, a frame each.
    const order = client.framesOf(FrameType.Data).map(({ streamId }) => streamId);
    expect(order.slice(0, 4)).toEqual([1, 5, 1, 5]);
  });
});
