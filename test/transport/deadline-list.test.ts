import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeadlineList, type RunningDeadline } from "../../src/transport/deadline-list.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A list of deadlines of 100 ms, and the names of those that have passed, with the time that was. */
function listing() {
  const list = new DeadlineList(100);
  const passed: string[] = [];
  const began = performance.now();
  const start = (name: string, then?: () => void): RunningDeadline =>
    list.start({
      expire: () => {
        passed.push(`${name} at ${performance.now() - began}`);
        then?.();
      },
    });
  return { start, passed };
}

test("each passes when its time is over, and no sooner", () => {
  const { start, passed } = listing();
  start("a");
  vi.advanceTimersByTime(30);
  start("b");
  vi.advanceTimersByTime(69);
  expect(passed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(["a at 100"]);
  vi.advanceTimersByTime(29);
  expect(passed).toEqual(["a at 100"]);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(["a at 100", "b at 130"]);
});

describe.each(["first", "middle", "last", "only"] as const)("the %s one that is cleared", (which) => {
  test("does not pass, and the others do in time", () => {
    const { start, passed } = listing();
    const names = which === "only" ? ["only"] : ["first", "middle", "last"];
    const running = names.map((name) => {
      vi.advanceTimersByTime(10);
      return [name, start(name)] as const;
    });
    new Map(running).get(which)?.clear();
    vi.advanceTimersByTime(1_000);
    const times = names.map((name, i) => [name, `${name} at ${110 + 10 * i}`] as const);
    expect(passed).toEqual(times.filter(([name]) => name !== which).map(([, time]) => time));
  });
});

test("one that begins when the others are gone passes in its own time", () => {
  const { start, passed } = listing();
  start("a").clear();
  vi.advanceTimersByTime(60);
  start("b");
  vi.advanceTimersByTime(99);
  expect(passed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(["b at 160"]);
});

test("who is told may clear those that are late too, and begin another", () => {
  const { start, passed } = listing();
  start("a", () => {
    late.clear();
    start("c");
  });
  const late = start("b");
  vi.advanceTimersByTime(200);
  expect(passed).toEqual(["a at 100", "c at 200"]);
});

test("to clear one twice, or after it has passed, changes nothing", () => {
  const { start, passed } = listing();
  const a = start("a");
  start("b");
  a.clear();
  a.clear();
  vi.advanceTimersByTime(100);
  a.clear();
  start("c");
  vi.advanceTimersByTime(100);
  expect(passed).toEqual(["b at 100", "c at 200"]);
});

test("a length beyond what a timer can wait is no length of nothing", () => {
  const expire = vi.fn<() => void>();
  new DeadlineList(Infinity).start({ expire });
  vi.advanceTimersByTime(2 ** 30);
  expect(expire).not.toHaveBeenCalled();
});

test("there is one timer for all, and none without any", () => {
  const { start } = listing();
  const running = [start("a"), start("b"), start("c")];
  expect(vi.getTimerCount()).toBe(1);
  for (const deadline of running) deadline.clear();
  expect(vi.getTimerCount()).toBe(0);
  start("d");
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
});

test("one that begins as another passes keeps nobody else waiting", () => {
  const { start, passed } = listing();
  start("a", () => start("c"));
  vi.advanceTimersByTime(10);
  start("b");
  vi.advanceTimersByTime(200);
  expect(passed).toEqual(["a at 100", "b at 110", "c at 200"]);
});
