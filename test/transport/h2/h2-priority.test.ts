import { describe, expect, test } from "vitest";
import { fatalCode, serveHawser } from "../../support/hawser-serving.ts";
import {
  connectFields,
  Flag,
  FrameType,
  H2Code,
  headersFrame,
  rawFrame,
  settingsFrame,
  uint32,
} from "../../support/raw-h2.ts";
import type { ServedConnection } from "../../support/serving-engine.ts";

const InitialWindowSize = 4;
const PriorityUpdate = 16;
const Bytes = 64_000;

const request = (id: number, priority?: string): Buffer => {
  const fields: [string, string][] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "example.com"],
    [":path", "/"],
  ];
  return headersFrame(id, priority === undefined ? fields : [...fields, ["priority", priority]], { endStream: true });
};
const webSocket = (id: number, priority?: string): Buffer =>
  headersFrame(id, priority === undefined ? connectFields() : [...connectFields(), ["priority", priority]]);
const update = (id: number, value: string): Buffer =>
  rawFrame(PriorityUpdate, Flag.None, 0, Buffer.concat([uint32(id), Buffer.from(value)]));

/** A connection that answers each request, and each WebSocket, with as much as it likes: nothing leaves before the windows open. */
async function serveMuch(): Promise<ServedConnection> {
  const served = await serveHawser({ settings: [[InitialWindowSize, 0]] });
  served.sink.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(Bytes) });
  served.sink.onOpening = (opening) => {
    const stream = opening.accept({});
    stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
    stream.write(Buffer.alloc(Bytes), 0, Bytes, "kept");
  };
  return served;
}

/** Opens the windows; returns the streams of the DATA that comes, in its order, neighbours of a kind once. */
async function orderOf({ client, sink }: ServedConnection, streams: number): Promise<readonly number[]> {
  await sink.until("all", () => sink.exchanges.length + sink.openings.length === streams);
  client.send(rawFrame(FrameType.WindowUpdate, 0, 0, uint32(2 ** 24)), settingsFrame([[InitialWindowSize, 2 ** 20]]));
  const data = () => client.framesOf(FrameType.Data);
  await client.until("all", () => data().reduce((sum, { payload }) => sum + payload.length, 0) === streams * Bytes);
  const ids = data()
    .filter(({ payload }) => payload.length > 0)
    .map(({ streamId }) => streamId);
  return ids.filter((id, at) => id !== ids[at - 1]);
}

/** Those whose last bytes came first. */
const finished = (order: readonly number[]): readonly number[] => [...new Set(order.toReversed())].toReversed();

describe("streams send", () => {
  test("in turn where nothing is said of them", async () => {
    const served = await serveMuch();
    served.client.send(request(1), webSocket(3), request(5));
    expect((await orderOf(served, 3)).slice(0, 6)).toEqual([1, 3, 5, 1, 3, 5]);
  });

  test.each([
    { what: "the most urgent first", first: "u=5", second: "u=1", third: "u=3", ends: [3, 5, 1] },
    { what: "one by one where parts are of no use", first: "u=1", second: "u=1", third: "u=1", ends: [1, 3, 5] },
    { what: "those of use as a whole first", first: "u=1, i", second: "u=1", third: "u=1, i", ends: [3] },
  ])("$what", async ({ first, second, third, ends }) => {
    const served = await serveMuch();
    served.client.send(request(1, first), request(3, second), request(5, third));
    expect(finished(await orderOf(served, 3)).slice(0, ends.length)).toEqual(ends);
  });

  test("and none starves: the less urgent ones have a share of each write", async () => {
    const served = await serveMuch();
    const urgent = [3, 5, 7, 9, 11, 13];
    served.client.send(webSocket(1), ...urgent.map((id) => request(id, "u=0")));
    const order = await orderOf(served, 7);
    expect(order.indexOf(1)).toBeLessThan(3);
    expect(finished(order)[6]).not.toBe(1);
  });

  test("in turn where they are WebSockets, whatever is said", async () => {
    const served = await serveMuch();
    served.client.send(webSocket(1, "u=1"), webSocket(3, "u=1"));
    expect((await orderOf(served, 2)).slice(0, 4)).toEqual([1, 3, 1, 3]);
  });
});

describe("PRIORITY_UPDATE", () => {
  test.each([
    { what: "of an open stream", frames: [request(1, "u=1"), request(3), update(3, "u=0")] },
    { what: "of a stream that is not open yet", frames: [update(3, "u=0"), request(1, "u=1"), request(3, "u=7")] },
    { what: "that is said again", frames: [update(3, "u=7"), update(3, "u=0"), request(1, "u=1"), request(3)] },
    { what: "that takes urgency away", frames: [request(1, "u=0"), update(1, "u=7"), request(3, "u=6")] },
  ])("$what counts", async ({ frames }) => {
    const served = await serveMuch();
    served.client.send(...frames);
    expect(finished(await orderOf(served, 2))).toEqual([3, 1]);
  });

  test("moves a stream that is sending", async () => {
    const served = await serveMuch();
    const { client, sink } = served;
    client.send(request(1, "u=1"), request(3, "u=2"));
    await sink.until("both", () => sink.exchanges.length === 2);
    // The connection's window is not open yet, so both wait for it.
    client.send(settingsFrame([[InitialWindowSize, 2 ** 20]]));
    await client.until("all that the connection lets go", () => client.framesOf(FrameType.Data).length >= 4);
    client.send(update(1, "u=7"));
    await client.roundTrip();
    expect(finished(await orderOf(served, 2))).toEqual([3, 1]);
  });

  test("of a stream that is over, or of too many that are not open, is of no interest", async () => {
    const served = await serveMuch();
    const { client } = served;
    client.send(webSocket(1), rawFrame(FrameType.RstStream, 0, 1, uint32(8)), update(1, "u=0"));
    for (let id = 1_001; id < 5_001; id += 2) client.send(update(id, "u=0"));
    await client.roundTrip();
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
  });

  test.each([
    { what: "of no stream", frame: update(0, "u=0"), code: H2Code.ProtocolError },
    { what: "of a push", frame: update(2, "u=0"), code: H2Code.ProtocolError },
    { what: "on a stream", frame: rawFrame(PriorityUpdate, 0, 1, uint32(1)), code: H2Code.ProtocolError },
    { what: "of three bytes", frame: rawFrame(PriorityUpdate, 0, 0, Buffer.alloc(3)), code: H2Code.FrameSizeError },
  ])("$what ends the connection", async ({ frame, code }) => {
    const { client } = await serveHawser();
    client.send(webSocket(1), frame);
    expect(await fatalCode(client)).toBe(code);
  });
});
