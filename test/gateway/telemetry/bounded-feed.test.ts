import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { BoundedFeed } from "../../../src/gateway/telemetry/bounded-feed.ts";

const Bounds = { items: 3, waitMs: 50 };

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

test("tells what came in a while at once, and counts what had no room", () => {
  const deliver = vi.fn<(items: readonly number[], missed: number) => void>();
  const feed = new BoundedFeed(deliver, Bounds);
  for (const item of [1, 2, 3, 4, 5]) feed.push(item);
  expect(deliver).not.toHaveBeenCalled();
  vi.advanceTimersByTime(50);
  feed.push(6);
  vi.advanceTimersByTime(50);
  vi.advanceTimersByTime(1_000);
  expect(deliver.mock.calls).toEqual([
    [[1, 2, 3], 2],
    [[6], 0],
  ]);
});

test("waits for a listener that is not done, and holds no more meanwhile", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: unknown[] = [];
  const feed = new BoundedFeed<number>((items, missed) => {
    told.push([items, missed]);
    return told.length === 1 ? promise : undefined;
  }, Bounds);
  feed.push(1);
  await vi.advanceTimersByTimeAsync(50);
  for (const item of [2, 3, 4, 5, 6, 7]) feed.push(item);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([[[1], 0]]);
  resolve();
  await vi.advanceTimersByTimeAsync(50);
  expect(told).toEqual([
    [[1], 0],
    [[2, 3, 4], 3],
  ]);
});

test("tells nothing once it is closed", () => {
  const deliver = vi.fn<() => void>();
  const feed = new BoundedFeed<number>(deliver, Bounds);
  feed.push(1);
  feed.close();
  vi.advanceTimersByTime(1_000);
  expect(deliver).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
