import { expect, test } from "vitest";
import { acceptStream, dataOf, fatalCode, goAwaysOf, serveHawser } from "../../support/hawser-serving.ts";
import { heldBytes } from "../../support/held-bytes.ts";
import { connectFields, Flag, FrameType, headerBlock, headersFrame, rawFrame, uint32 } from "../../support/raw-h2.ts";
import { turns } from "../../support/stream-observers.ts";

const InitialWindowSize = 4;
const Get: [string, string][] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "example.com"],
  [":path", "/"],
];

const oddIds = (count: number, from = 1): readonly number[] => Array.from({ length: count }, (_, at) => from + 2 * at);

test.each([
  { status: 200, abuse: "stream-limit" },
  { status: 204, abuse: "unread-answers" },
])("who asks and never reads loses its connection before its answers are much: $abuse", async ({ status, abuse }) => {
  const { client, sink, closes, connection } = await serveHawser();
  sink.onExchange = (exchange) => exchange.respond({ status, fields: ["etag", "a".repeat(2_000)], body: "answer" });
  client.socket.pause();
  const before = heldBytes();
  let id = 1;
  // More than the system takes on the way.
  for (; closes() === 0 && id < 2 * 20_000;) {
    client.send(...oddIds(100, id).map((one) => headersFrame(one, Get, { endStream: true })));
    id += 200;
    await turns(1);
  }
  await sink.until("the end", () => closes() === 1);
  expect(sink.abuses).toEqual([abuse]);
  expect(sink.exchanges.length).toBeLessThan(19_000);
  expect(heldBytes() - before).toBeLessThan(60_000_000);
  expect(connection.openStreams).toBe(0);
});

test("windows of 0 that are held for ever cost their streams, and nothing is left of them", async () => {
  const { client, sink, connection } = await serveHawser({
    settings: [[InitialWindowSize, 0]],
    deadlines: { bodyIdleMs: 200 },
  });
  sink.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(100_000) });
  client.send(...oddIds(200).map((id) => headersFrame(id, Get, { endStream: true })));
  await sink.until("200 requests", () => sink.exchanges.length === 200);
  await sink.until("no stream", () => connection.openStreams === 0);
  await client.until("the last reset", () => client.framesOf(FrameType.RstStream).length === 200);
  expect(goAwaysOf(client)).toEqual([]);
  client.send(headersFrame(401, Get, { endStream: true }));
  expect(await client.status(401)).toBe(200);
});

test("who takes nothing of as many streams as may be open, and opens more, loses its connection", async () => {
  const { client, sink, closes } = await serveHawser({
    settings: [[InitialWindowSize, 0]],
    deadlines: { bodyIdleMs: 50 },
    http2: { maxConcurrentStreams: 10 },
  });
  sink.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: Buffer.alloc(100_000) });
  let id = 1;
  for (let round = 0; round < 2; round++, id += 20) {
    client.send(...oddIds(10, id).map((one) => headersFrame(one, Get, { endStream: true })));
    await client.until("their resets", () => client.framesOf(FrameType.RstStream).length === 10 * (round + 1));
    expect(goAwaysOf(client)).toEqual([]);
  }
  client.send(headersFrame(id, Get, { endStream: true }));
  expect(await fatalCode(client)).toBe(11);
  expect(sink.abuses).toEqual(["zero-window"]);
  client.socket.end();
  await sink.until("onClose", () => closes() === 1);
});

test("a header block that is small and says much is answered 431 at the cost of its reading", async () => {
  const served = await serveHawser();
  const { client, sink } = served;
  const value = "a".repeat(4_000);
  const literal = headerBlock([["x-bomb", value]]);
  literal[0] = 0x40;
  // Index 62 of the table is what the literal has put there.
  const bomb = Buffer.concat([headerBlock(Get), literal, Buffer.alloc(16_384 - 4_500, 0x80 | 62)]);
  const before = heldBytes();
  const startMs = performance.now();
  for (const id of oddIds(100)) {
    client.send(rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, id, bomb));
  }
  expect(await client.status(199)).toBe(431);
  expect(performance.now() - startMs).toBeLessThan(5_000);
  expect(heldBytes() - before).toBeLessThan(50_000_000);
  expect(sink.exchanges).toEqual([]);
  await acceptStream(served, 201);
});

test("a page with 250 WebSockets that is reloaded five times in five seconds is served", async () => {
  const { client, sink, connection } = await serveHawser();
  sink.onOpening = (opening) => {
    const stream = opening.accept({});
    stream.start({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
    stream.write(Buffer.from("welcome"), 0, 7, "kept");
  };
  for (let reload = 0; reload < 5; reload++) {
    const ids = oddIds(250, 1 + reload * 500);
    client.send(...ids.map((id) => headersFrame(id, connectFields())));
    await client.until("each welcome", () => ids.every((id) => dataOf(client, id).length === 7));
    client.send(...ids.map((id) => rawFrame(FrameType.RstStream, Flag.None, id, uint32(8))));
    // Faster than anybody reloads.
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  await client.roundTrip();
  await sink.until("no stream", () => connection.openStreams === 0);
  expect(goAwaysOf(client)).toEqual([]);
  expect(client.framesOf(FrameType.RstStream)).toEqual([]);
});

test("a WebSocket of a thousand tiny messages each way is no attack, whatever the client grants", async () => {
  const served = await serveHawser();
  const { client } = served;
  const { stream, observer } = await acceptStream(served);
  observer.react = () => void stream.write(Buffer.from("a"), 0, 1, "kept");
  for (let round = 0; round < 100; round++) {
    const seen = dataOf(client, 1).length;
    for (let message = 0; message < 100; message++) {
      client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("a")));
    }
    await client.until("echoes", () => dataOf(client, 1).length === seen + 100);
    client.send(
      rawFrame(FrameType.WindowUpdate, 0, 1, uint32(100)),
      rawFrame(FrameType.WindowUpdate, 0, 0, uint32(100)),
    );
  }
  await client.roundTrip();
  expect(goAwaysOf(client)).toEqual([]);
});

test("a connection on which a rule is broken a thousand times over ends once", async () => {
  const { client, sink, closes } = await serveHawser();
  client.send(...Array.from({ length: 1_000 }, () => rawFrame(FrameType.Data, Flag.None, 0, Buffer.alloc(10))));
  expect(await fatalCode(client)).toBe(1);
  client.socket.end();
  await sink.until("onClose", () => closes() === 1);
  expect(sink.refusals).toEqual(["malformed"]);
  expect(goAwaysOf(client)).toHaveLength(1);
});
