import { expect, test } from "vitest";
import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import { describeByteStream } from "../contract/byte-stream.ts";
import { farEndOfStream } from "../support/far-end.ts";
import { NearObserver } from "../support/stream-observers.ts";

const cases: { name: string; options: MemoryPairOptions }[] = [
  { name: "memory", options: {} },
  { name: "memory whose buffers are overwritten", options: { lifetime: "call" } },
  { name: "memory in odd pieces", options: { chunkBytes: 1_021, highWaterBytes: 5_000 } },
];
for (const { name, options } of cases) {
  describeByteStream(name, () => {
    const { near, far } = createMemoryPair(options);
    return Promise.resolve({
      near,
      far: farEndOfStream(far, 8),
      loseConnection: () => near.loseConnection(),
      close: () => Promise.resolve(),
    });
  });
}

test.each([
  ["no-error", 0],
  ["protocol-error", 1],
  ["internal-error", 2],
  ["cancel", 8],
  ["connect-error", 10],
] as const)("shows an abort for %s as the RST_STREAM code %i", async (reason, code) => {
  const { near, far } = createMemoryPair();
  const observer = new NearObserver(far);
  far.start(observer);
  near.abort(reason);
  await observer.until("onClose", () => observer.ending !== undefined);
  expect(observer.ending).toEqual({ type: "reset", code });
});

test("hands over at most `chunkBytes` at once", async () => {
  const { near, far } = createMemoryPair({ chunkBytes: 3 });
  const observer = new NearObserver(far);
  far.start(observer);
  near.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 0, 8, "kept");
  await observer.until("all bytes", () => observer.receivedBytes === 8);
  expect(observer.calls).toBe(3);
});

test("overwrites what it lent as `call`", async () => {
  const { near, far } = createMemoryPair({ lifetime: "call" });
  const held: Uint8Array[] = [];
  far.start({
    onBytes: (bytes, start, end) => held.push(bytes.subarray(start, end)),
    onDrain: () => undefined,
    onEnd: () => undefined,
    onClose: () => undefined,
  });
  near.write(Uint8Array.of(1, 2), 0, 2, "kept");
  await Promise.resolve();
  await Promise.resolve();
  expect(held).toEqual([Uint8Array.of(0xdd, 0xdd)]);
});
