import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Pipe } from "../../../src/gateway/serving/pipe.ts";
import { StallMs, close1000, hello, long, openPipe, ownClose } from "../../support/pipe-bench.ts";

describe("backpressure", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("holds the sender back while the receiver is full, with one timer, and with none otherwise", () => {
    const { take, pipe, state, calls } = openPipe();
    take(hello);
    expect(vi.getTimerCount()).toBe(0);
    state.full = true;
    take(hello, hello);
    expect(calls).toEqual(["pause"]);
    expect(vi.getTimerCount()).toBe(1);
    pipe.drained();
    pipe.drained();
    expect(calls).toEqual(["pause", "resume"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("reports a receiver that takes nothing for the whole deadline, once", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    vi.advanceTimersByTime(StallMs - 1);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(events).toEqual([{ type: "stalled" }]);
    vi.advanceTimersByTime(10 * StallMs);
    expect(events).toHaveLength(1);
  });

  test("lets a slow receiver be slow: the deadline begins anew as long as it takes something", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    for (let round = 0; round < 5; round++) {
      state.bufferedBytes -= 1;
      vi.advanceTimersByTime(StallMs);
    }
    expect(events).toEqual([]);
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([{ type: "stalled" }]);
  });

  test("does not take for progress what came in while the sender was being paused", () => {
    const { take, state, events } = openPipe();
    state.full = true;
    state.bufferedBytes = 500;
    take(hello);
    state.bufferedBytes = 900;
    take(hello);
    state.bufferedBytes = 899;
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(StallMs);
    expect(events).toEqual([{ type: "stalled" }]);
  });

  test.each([
    { what: "a Close of our own", act: (pipe: Pipe) => pipe.insertClose(ownClose) },
    { what: "the sender's Close", act: (pipe: Pipe) => pipe.take(close1000, 0, close1000.length) },
    { what: "the end of the receiver", act: (pipe: Pipe) => pipe.shut() },
  ])("ends with $what: nothing more is to be passed on", ({ act }) => {
    const { take, pipe, state, calls } = openPipe();
    state.full = true;
    take(hello);
    act(pipe);
    expect(calls).toEqual(["pause", "resume"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes on for the rest of the last frame", () => {
    const { take, pipe, state, calls } = openPipe();
    state.full = true;
    take(long.subarray(0, 20));
    pipe.insertClose(ownClose);
    expect(calls).toEqual(["pause"]);
    pipe.drained();
    take(long.subarray(20));
    expect(calls).toEqual(["pause", "resume", "pause", "resume"]);
  });
});
