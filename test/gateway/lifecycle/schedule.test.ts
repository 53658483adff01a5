import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Schedule } from "../../../src/gateway/lifecycle/schedule.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const Middle = () => 0.5;

describe("spread", () => {
  test.each([
    { name: "a few items take 10 ms each", items: 4, withinMs: 10_000, at: [5, 15, 25, 35] },
    { name: "many share the time there is", items: 4, withinMs: 20, at: [2.5, 7.5, 12.5, 17.5] },
    { name: "no time is at once", items: 3, withinMs: 0, at: [0, 0, 0] },
    { name: "nothing is nothing", items: 0, withinMs: 100, at: [] },
  ])("$name", ({ items, withinMs, at }) => {
    const done: number[] = [];
    const startedAt = performance.now();
    new Schedule(Middle).spread([...Array(items).keys()], withinMs, (item) => {
      expect(item).toBe(done.length);
      done.push(performance.now() - startedAt);
    });
    vi.runAllTimers();
    expect(done).toHaveLength(at.length);
    // A timer fires at the next whole millisecond.
    for (const [i, time] of done.entries()) expect(time - at[i]!).toBeLessThanOrEqual(1);
    for (const [i, time] of done.entries()) expect(time).toBeGreaterThanOrEqual(Math.floor(at[i]!));
  });

  test("chance moves each item within its own step", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 5_000 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (count, withinMs, chances) => {
          const stepMs = Math.min(withinMs / count, 10);
          const startedAt = performance.now();
          const times: number[] = [];
          const schedule = new Schedule(() => chances.next().value ?? 0);
          schedule.spread([...Array(count).keys()], withinMs, () => times.push(performance.now() - startedAt));
          vi.runAllTimers();
          expect(times).toHaveLength(count);
          for (const [i, time] of times.entries()) {
            expect(time).toBeGreaterThanOrEqual(Math.floor(i * stepMs));
            expect(time).toBeLessThanOrEqual((i + 1) * stepMs + 1);
          }
        },
      ),
    );
  });

  test("cancel leaves the rest undone", () => {
    const done: number[] = [];
    const schedule = new Schedule(Middle);
    schedule.spread([0, 1, 2, 3], 10_000, (item) => done.push(item));
    vi.advanceTimersByTime(16);
    schedule.cancel();
    vi.runAllTimers();
    expect(done).toEqual([0, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("after waits its time less the part that is up to chance", () => {
  const schedule = new Schedule(Middle);
  const act = vi.fn<() => void>();
  schedule.after(1_000, 0.1, act);
  vi.advanceTimersByTime(949);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledOnce();
});

test("a cancelled schedule takes nothing new", () => {
  const schedule = new Schedule(Middle);
  schedule.cancel();
  schedule.after(1, 0, () => expect.unreachable());
  schedule.spread([1, 2], 100, (item) => expect(item).toBe(undefined));
  expect(vi.getTimerCount()).toBe(0);
});
