import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Lifetime, type LifetimeOptions } from "../../../src/gateway/serving/lifetime.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const Unlimited = { idleMs: undefined, maxAgeMs: undefined, maxAgeJitter: 0 };

function watch(limits: Partial<LifetimeOptions["limits"]>, random = 0) {
  const traffic = [new Traffic(), new Traffic()];
  const over: string[] = [];
  const lifetime = new Lifetime({
    limits: { ...Unlimited, ...limits },
    traffic,
    random: () => random,
    onOver: (why) => void over.push(why),
  });
  return { lifetime, traffic, over };
}

/** Lets time pass until it is over; returns how long that took, in steps of a second. */
function secondsUntilOver(over: readonly string[], everySecond: (second: number) => void = () => undefined): number {
  for (let second = 1; second <= 10_000; second++) {
    vi.advanceTimersByTime(1_000);
    if (over.length > 0) return second;
    everySecond(second);
  }
  return Infinity;
}

test("a stream that may live as it likes costs no timer", () => {
  watch({});
  expect(vi.getTimerCount()).toBe(0);
});

describe("idle", () => {
  test("is a stream on which nothing passes for idleMs, and it is told once", () => {
    const { over } = watch({ idleMs: 100_000 });
    expect(secondsUntilOver(over)).toBe(100);
    vi.advanceTimersByTime(1_000_000);
    expect(over).toEqual(["idle"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { way: "to the upstream", index: 0 },
    { way: "to the client", index: 1 },
  ])("is none while something passes $way, be it ever so little", ({ index }) => {
    const { over, traffic } = watch({ idleMs: 100_000 });
    const lastSecond = 1_000;
    const seconds = secondsUntilOver(over, (second) => {
      if (second <= lastSecond && second % 99 === 0) traffic[index]!.bytes += 1;
    });
    // The last byte passed in second 990: found within idleMs and a quarter of it.
    expect(seconds).toBeGreaterThanOrEqual(1_090);
    expect(seconds).toBeLessThanOrEqual(1_115);
  });

  test("is looked for with one timer, a few times in idleMs", () => {
    const { over } = watch({ idleMs: 100_000 });
    let looks = 0;
    while (over.length === 0) {
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersToNextTimer();
      looks++;
    }
    expect(looks).toBe(4);
  });

  test("is found where idleMs is a single millisecond", () => {
    const { over } = watch({ idleMs: 1 });
    vi.advanceTimersByTime(1);
    expect(over).toEqual(["idle"]);
  });
});

describe("maximum age", () => {
  test.each([
    { random: 0, seconds: 1_000 },
    { random: 0.5, seconds: 950 },
    { random: 0.999_999, seconds: 900 },
  ])("is maxAgeMs less a random part of the jitter: $random", ({ random, seconds }) => {
    const { over } = watch({ maxAgeMs: 1_000_000, maxAgeJitter: 0.1 }, random);
    expect(secondsUntilOver(over)).toBe(seconds);
    expect(over).toEqual(["max-age"]);
  });

  test("comes though something passes all the time, and with one timer beside the idle one", () => {
    const { over, traffic } = watch({ idleMs: 100_000, maxAgeMs: 990_000 });
    const seconds = secondsUntilOver(over, () => {
      expect(vi.getTimerCount()).toBe(1);
      traffic[0]!.bytes += 1;
    });
    expect({ seconds, over }).toEqual({ seconds: 990, over: ["max-age"] });
  });

  test("comes at once where all of it may be jitter", () => {
    const { over } = watch({ maxAgeMs: 1_000_000, maxAgeJitter: 1 }, 0.999_999_999_9);
    vi.advanceTimersByTime(1);
    expect(over).toEqual(["max-age"]);
  });
});

test("a stream that has ended before leaves no timer", () => {
  const { lifetime, over } = watch({ idleMs: 100_000, maxAgeMs: 1_000_000 });
  vi.advanceTimersByTime(60_000);
  lifetime.stop();
  lifetime.stop();
  expect(vi.getTimerCount()).toBe(0);
  expect(secondsUntilOver(over)).toBe(Infinity);
});
