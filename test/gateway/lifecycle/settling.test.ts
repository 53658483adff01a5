import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Settling } from "../../../src/gateway/lifecycle/settling.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When a settling of 100 ms, at most 300 ms, acts on touches at `touches`, in milliseconds. */
function actsAt(touches: readonly number[]): number[] {
  const acts: number[] = [];
  const settling = new Settling({ settleMs: 100, maxMs: 300 }, () => acts.push(performance.now() - start));
  const start = performance.now();
  for (const at of touches) setTimeout(() => settling.touch(), at);
  vi.advanceTimersByTime(2_000);
  return acts;
}

test.each([
  { touches: [], acts: [] },
  { touches: [0], acts: [100] },
  { touches: [0, 50, 99], acts: [199] },
  { touches: [0, 200], acts: [100, 300] },
  // never quiet for long, so the first one's 300 ms count
  { touches: [0, 90, 180, 270, 360], acts: [300, 460] },
])("touched at $touches acts at $acts", ({ touches, acts }) => {
  expect(actsAt(touches)).toEqual(acts);
});

test("does not act once cancelled, but does anew", () => {
  const act = vi.fn<() => void>();
  const settling = new Settling({ settleMs: 100, maxMs: 300 }, act);
  settling.touch();
  vi.advanceTimersByTime(99);
  settling.cancel();
  vi.advanceTimersByTime(1_000);
  expect(act).not.toHaveBeenCalled();
  settling.touch();
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledOnce();
});
