import { expect, test } from "vitest";
import { OutputBufferBytes, OutputBuffers } from "../../../src/transport/h2/output-buffers.ts";

test("a buffer that is given back is used again, and no two have the same one", () => {
  const buffers = new OutputBuffers();
  const first = buffers.take();
  const second = buffers.take();
  expect(second).not.toBe(first);
  expect(first).toHaveLength(OutputBufferBytes);
  buffers.give(first);
  expect(buffers.take()).toBe(first);
  expect(buffers.take()).not.toBe(first);
});

test("a small write is a copy, and its buffer is free at once", () => {
  const buffers = new OutputBuffers();
  const buffer = buffers.take();
  buffer.fill(7);
  const { bytes, held } = buffers.written(buffer, 100);
  expect(held).toBeUndefined();
  expect(buffers.take()).toBe(buffer);
  buffer.fill(0);
  expect(bytes.equals(Buffer.alloc(100, 7))).toBe(true);
});

test("a large write holds its buffer until it is given back", () => {
  const buffers = new OutputBuffers();
  const buffer = buffers.take();
  const { bytes, held } = buffers.written(buffer, 50_000);
  expect(held).toBe(buffer);
  expect(bytes).toHaveLength(50_000);
  expect(buffers.take()).not.toBe(buffer);
});

test("no more are kept than a few", () => {
  const buffers = new OutputBuffers();
  const taken = Array.from({ length: 40 }, () => buffers.take());
  for (const buffer of taken) buffers.give(buffer);
  const again = Array.from({ length: 40 }, () => buffers.take());
  expect(again.filter((buffer) => taken.includes(buffer))).toHaveLength(16);
});
