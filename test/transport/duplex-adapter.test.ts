import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { expect, onTestFinished, test } from "vitest";
import { duplexOf } from "../../src/transport/duplex-adapter.ts";
import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import { SocketByteStream } from "../../src/transport/socket-byte-stream.ts";
import { describeByteStream } from "../contract/byte-stream.ts";
import { farEndOf } from "../support/far-end.ts";
import { connectedSockets } from "../support/socket-pair.ts";
import { KiB, MiB, pattern } from "../support/stream-driver.ts";
import { NearObserver, turns } from "../support/stream-observers.ts";

const lifetimes: MemoryPairOptions[] = [{ lifetime: "kept" }, { lifetime: "call" }];

// The adapter is whole if a stream cannot tell it from a socket at its far end.
for (const options of lifetimes) {
  describeByteStream(`memory (${options.lifetime}) whose far end is a Duplex`, () => {
    const { near, far } = createMemoryPair(options);
    const duplex = duplexOf(far);
    return Promise.resolve({
      near,
      far: farEndOf(duplex, { reset: () => duplex.destroy(), resetCode: 8 }),
      loseConnection: () => near.loseConnection(),
      close: () => Promise.resolve(),
    });
  });
}

/** A Duplex on one end of a pair, a watched stream on the other. */
function openDuplex(options: MemoryPairOptions = {}) {
  const { near, far } = createMemoryPair(options);
  const observer = new NearObserver(far);
  far.start(observer);
  return { duplex: duplexOf(near), near, far, observer };
}

test.each(lifetimes)("pipes through, bytes whole in both directions ($lifetime)", async (options) => {
  const { near, far } = createMemoryPair({ ...options, chunkBytes: 1_021 });
  const bytes = pattern(3 * MiB);
  const asking = duplexOf(near);
  const echo = duplexOf(far);
  const [answer] = await Promise.all([
    buffer(asking),
    pipeline(Readable.from([bytes]), asking),
    pipeline(echo, new PassThrough(), echo),
  ]);
  expect(answer.equals(bytes)).toBe(true);
});

test("holds its writer while the stream is full, and lets it go on after", async () => {
  const { duplex, far, observer } = openDuplex();
  far.pause();
  let written = 0;
  while (duplex.write(pattern(16 * KiB, written))) written += 16 * KiB;
  written += 16 * KiB;
  await turns();
  expect(written).toBeLessThanOrEqual(256 * KiB);
  const drained = once(duplex, "drain");
  far.resume();
  await drained;
  await observer.until("all bytes", () => observer.receivedBytes === written);
  expect(observer.received.equals(pattern(written))).toBe(true);
});

test("lets its writer use a buffer again when told that it is written", async () => {
  const { duplex, far, observer } = openDuplex();
  far.pause();
  const scratch = Buffer.from("once");
  await new Promise((resolve) => duplex.write(scratch, resolve));
  scratch.fill("x");
  far.resume();
  await observer.until("the bytes", () => observer.receivedBytes === 4);
  expect(observer.received.toString()).toBe("once");
});

test("holds the peer while nobody reads, and loses nothing", async () => {
  const { duplex, far } = openDuplex();
  const bytes = pattern(4 * MiB);
  far.write(bytes, 0, bytes.length, "kept");
  far.end();
  await turns();
  expect(far.bufferedBytes).toBeGreaterThan(3 * MiB);
  expect(duplex.readableLength).toBeLessThanOrEqual(256 * KiB);
  expect((await buffer(duplex)).equals(bytes)).toBe(true);
});

test.each([
  { what: "destroy", error: undefined, code: 8 },
  { what: "destroy with an error", error: new Error("made by the test"), code: 2 },
])("aborts on $what", async ({ error, code }) => {
  const { duplex, observer } = openDuplex();
  duplex.on("error", () => undefined);
  duplex.destroy(error);
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual({ type: "reset", code });
});

test.each([
  { what: "a reset", code: "ECONNRESET", happen: (pair: ReturnType<typeof openDuplex>) => pair.far.abort("cancel") },
  {
    what: "a lost connection",
    code: "ECONNABORTED",
    happen: (pair: ReturnType<typeof openDuplex>) => pair.far.loseConnection(),
  },
])("is destroyed with an error by $what", async ({ code, happen }) => {
  const pair = openDuplex();
  const failed = once(pair.duplex, "error");
  happen(pair);
  expect(await failed).toMatchObject([{ code }]);
  expect(pair.duplex.destroyed).toBe(true);
});

test("ends each half by itself, and closes when both are over and read", async () => {
  const { duplex, far, observer } = openDuplex();
  duplex.end("question");
  await observer.until("the end", () => observer.ends === 1);
  expect(observer.received.toString()).toBe("question");
  expect(duplex.destroyed).toBe(false);
  far.write(Buffer.from("answer"), 0, 6, "kept");
  far.end();
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(duplex.destroyed).toBe(false);
  const closed = once(duplex, "close");
  expect((await buffer(duplex)).toString()).toBe("answer");
  await closed;
  expect(observer.ending).toEqual({ type: "ended" });
});

test("sends on a socket what is queued when both halves have ended", async () => {
  const { client, server } = await connectedSockets();
  onTestFinished(() => void client.destroy());
  const duplex = duplexOf(new SocketByteStream(server));
  const bytes = pattern(12 * MiB);
  client.end();
  duplex.resume();
  await once(duplex, "end");
  duplex.end(bytes);
  await turns();
  expect((await buffer(client)).equals(bytes)).toBe(true);
});
