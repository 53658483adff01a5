import { describe, expect, test } from "vitest";
import type { H2Observer } from "../../src/transport/h2-observer.ts";
import { HawserH2Engine } from "../../src/transport/hawser-h2.ts";
import { NodeH2Engine } from "../../src/transport/node-h2.ts";
import { UnreadBytes } from "../../src/transport/h2/unread-bytes.ts";
import { connectFields, Flag, FrameType, H2Code, headersFrame, rawFrame, uint32 } from "../support/raw-h2.ts";
import { serveConnection, type CreateEngine, type ServingOptions } from "../support/serving-engine.ts";

const InitialWindowSize = 4;

/** What an observer is told, as lines, and a connection that it watches. */
async function watched(engine: "node" | "hawser", options?: ServingOptions) {
  const told: string[] = [];
  const observer: H2Observer = {
    reset: (direction, code) => told.push(`reset ${direction} ${code}`),
    goAway: (direction, code) => told.push(`goaway ${direction} ${code}`),
    stalled: () => told.push("stalled"),
    over: (mostStreams) => told.push(`over ${mostStreams}`),
  };
  const create: CreateEngine = (http2, deadlines, headers) =>
    engine === "node"
      ? new NodeH2Engine(http2, deadlines, headers, observer)
      : new HawserH2Engine(http2, deadlines, headers, new UnreadBytes(), observer);
  return { told, ...(await serveConnection(create, options)) };
}

type Watched = Awaited<ReturnType<typeof watched>>;

async function openStream({ client, sink }: Watched, streamId: number) {
  const nth = sink.openings.length + 1;
  client.send(headersFrame(streamId, connectFields()));
  const stream = (await sink.nextOpening(nth)).accept({});
  stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
  await client.status(streamId);
  return stream;
}

/** Resolves when the engine has told that the connection is gone. */
function isOver({ sink, closes }: Watched): Promise<void> {
  return sink.until("the end of the connection", () => closes() === 1);
}

describe.each(["node", "hawser"] as const)("the engine %s tells", (engine) => {
  test("resets of either side with their codes, and how many streams were open at once", async () => {
    const one = await watched(engine);
    const { client, told } = one;
    const first = await openStream(one, 1);
    await openStream(one, 3);
    client.send(rawFrame(FrameType.RstStream, Flag.None, 3, uint32(H2Code.Cancel)));
    await client.roundTrip();
    first.abort("protocol-error");
    expect(await client.resetCode(1)).toBe(H2Code.ProtocolError);
    await openStream(one, 5);
    await client.close();
    await isOver(one);
    expect(told).toEqual(["reset received 8", "reset sent 1", "over 2"]);
  });

  test("a goodbye of its own once", async () => {
    const one = await watched(engine);
    one.connection.goAway();
    one.connection.goAway();
    await one.client.until("GOAWAY", () => one.client.framesOf(FrameType.GoAway).length > 0);
    await one.client.close();
    await isOver(one);
    expect(one.told).toEqual(["goaway sent 0", "over 0"]);
  });

  test("a goodbye of the client once, and an error behind it", async () => {
    const one = await watched(engine);
    await openStream(one, 1);
    for (const code of [H2Code.NoError, H2Code.NoError, H2Code.ProtocolError]) {
      one.client.send(rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, code)));
    }
    await one.sink.until("both", () => one.told.length >= 2);
    await one.client.close();
    await isOver(one);
    expect(one.told.slice(0, 2)).toEqual(["goaway received 0", "goaway received 1"]);
    expect(one.told.at(-1)).toBe("over 1");
  });

  test("GOAWAY for a rule that the client has broken, with the code", async () => {
    const one = await watched(engine);
    one.client.send(rawFrame(FrameType.Data, Flag.None, 0, Buffer.from("x")));
    await one.client.until("GOAWAY", () => one.client.framesOf(FrameType.GoAway).length > 0);
    await one.client.close();
    await isOver(one);
    // node:http2 tells of its errors when the socket has closed.
    await one.sink.until("both", () => one.told.length >= 2);
    expect(one.told.toSorted()).toEqual(["goaway sent 1", "over 0"]);
  });
});

test("the engine hawser tells of each time that a window is used up and something waits", async () => {
  const one = await watched("hawser", { settings: [[InitialWindowSize, 10]] });
  const { client, told } = one;
  const stream = await openStream(one, 1);
  stream.write(Buffer.alloc(10), 0, 10, "kept");
  await client.roundTrip();
  expect(told).toEqual([]);
  stream.write(Buffer.alloc(15), 0, 15, "kept");
  stream.write(Buffer.alloc(15), 0, 15, "kept");
  await client.roundTrip();
  expect(told).toEqual(["stalled"]);
  client.send(rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(5)));
  await client.until("15 bytes", () => client.framesOf(FrameType.Data, 1).length > 1);
  expect(told).toEqual(["stalled", "stalled"]);
  client.send(rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(1_000)));
  await client.until(
    "all bytes",
    () => client.framesOf(FrameType.Data, 1).reduce((sum, { payload }) => sum + payload.length, 0) === 40,
  );
  await client.roundTrip();
  expect(told).toEqual(["stalled", "stalled"]);
});
