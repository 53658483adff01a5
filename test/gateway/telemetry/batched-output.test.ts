import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BatchedOutput } from "../../../src/gateway/telemetry/batched-output.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function batched(writableLength?: number) {
  const writes: string[] = [];
  const dones: (() => void)[] = [];
  const output = new BatchedOutput({
    ...(writableLength !== undefined && { writableLength }),
    write: (text, done) => {
      writes.push(text);
      if (done !== undefined) dones.push(done);
    },
    on: () => undefined,
  });
  return { output, writes, dones };
}

test("lines leave together 10 ms behind the first, and in their order", () => {
  const { output, writes } = batched();
  output.write("a\n");
  vi.advanceTimersByTime(9);
  output.write("b\n");
  expect(writes).toEqual([]);
  vi.advanceTimersByTime(1);
  output.write("c\n");
  vi.advanceTimersByTime(10);
  expect(writes).toEqual(["a\nb\n", "c\n"]);
});

test("many leave at once", () => {
  const { output, writes } = batched();
  output.write("x".repeat(65_535));
  expect(writes).toEqual([]);
  output.write("\n");
  expect([writes.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test("what waits counts as unread, and who waits for its end is told then", () => {
  const { output, dones } = batched(100);
  const done = vi.fn<() => void>();
  output.write("12345", done);
  expect(output.writableLength).toBe(105);
  output.flush();
  expect(output.writableLength).toBe(100);
  expect(done).not.toHaveBeenCalled();
  dones[0]?.();
  expect(done).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
