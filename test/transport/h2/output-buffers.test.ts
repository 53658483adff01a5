import { expect, test } from "vitest";
import { OutputBufferBytes, OutputBuffers } from "../../../src/transport/h2/output-buffers.ts";

test.each([
  { bytes: 100, room: 2_048, kept: 512 },
  { bytes: 2_048, room: 2_048, kept: 512 },
  { bytes: 2_049, room: OutputBufferBytes, kept: 16 },
  { bytes: OutputBufferBytes, room: OutputBufferBytes, kept: 16 },
])("a buffer for $bytes bytes has room, is used again, and is nobody else's meanwhile", ({ bytes, room, kept }) => {
  const buffers = new OutputBuffers();
  const first = buffers.take(bytes);
  const second = buffers.take(bytes);
  expect(second).not.toBe(first);
  expect(first).toHaveLength(room);
  buffers.give(first);
  expect(buffers.take(bytes)).toBe(first);
  expect(buffers.take(bytes)).not.toBe(first);
  const taken = Array.from({ length: 1_000 }, () => buffers.take(bytes));
  for (const buffer of taken) buffers.give(buffer);
  const again = Array.from({ length: 1_000 }, () => buffers.take(bytes));
  expect(again.filter((buffer) => taken.includes(buffer))).toHaveLength(kept);
});

test("little that was written to a large one moves to a small one, and the large one is free", () => {
  const buffers = new OutputBuffers();
  const large = buffers.take(OutputBufferBytes);
  large.fill(7);
  const small = buffers.fitted(large, 100);
  expect(small).toHaveLength(2_048);
  expect(buffers.take(OutputBufferBytes)).toBe(large);
  large.fill(0);
  expect(small.subarray(0, 100).equals(Buffer.alloc(100, 7))).toBe(true);
});

test.each([
  { written: 50_000, taken: OutputBufferBytes },
  { written: 100, taken: 100 },
])("$written bytes stay where they are in a buffer for $taken", ({ written, taken }) => {
  const buffers = new OutputBuffers();
  const buffer = buffers.take(taken);
  expect(buffers.fitted(buffer, written)).toBe(buffer);
  expect(buffers.take(taken)).not.toBe(buffer);
});
