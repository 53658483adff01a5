import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import { ClosingTime } from "../../src/websocket/closing-time.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The time of a fresh stream, and what it has come to. */
function closing(lingerMs?: number) {
  const { near } = createMemoryPair();
  const said: string[] = [];
  near.abort = (reason) => void said.push(reason);
  return { near, said, time: new ClosingTime(near, 100, lingerMs) };
}

test("each start gives the whole of closeMs again", () => {
  const { time, said } = closing();
  time.start(() => said.push("first"));
  vi.advanceTimersByTime(99);
  time.start(() => said.push("second"));
  vi.advanceTimersByTime(99);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual(["second"]);
});

test("a stream lingers for lingerMs, and as long as something has not left", () => {
  const { time, said, near } = closing(20);
  near.write(new Uint8Array(1), 0, 1, "kept");
  time.startLinger();
  vi.advanceTimersByTime(1_000);
  expect(said).toEqual([]);
  vi.spyOn(near, "bufferedBytes", "get").mockReturnValue(0);
  vi.advanceTimersByTime(20);
  expect(said).toEqual(["no-error"]);
});

test("without lingerMs it does not, and after stop nothing happens", () => {
  const without = closing();
  without.time.startLinger();
  expect(vi.getTimerCount()).toBe(0);
  const stopped = closing(20);
  stopped.time.start(() => stopped.said.push("late"));
  stopped.time.startLinger();
  stopped.time.stop();
  vi.advanceTimersByTime(1_000);
  expect(stopped.said).toEqual([]);
});
