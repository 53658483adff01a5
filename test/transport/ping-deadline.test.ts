import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PingDeadline } from "../../src/transport/ping-deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection that is asked after 30 s without a byte, and has 20 s then. */
function watched() {
  const told: string[] = [];
  const answers: (() => void)[] = [];
  const connection = {
    bytesRead: 0,
    ping: (onAnswer: () => void) => {
      told.push("PING");
      answers.push(onAnswer);
    },
  };
  const deadline = new PingDeadline(connection, { pingIntervalMs: 30_000, pongMs: 20_000 }, () => told.push("dead"));
  return { told, connection, answers, deadline };
}

test("a silent peer is asked, and given up when it says nothing", () => {
  const { told } = watched();
  vi.advanceTimersByTime(29_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(["PING"]);
  vi.advanceTimersByTime(19_999);
  expect(told).toEqual(["PING"]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(["PING", "dead"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a peer that answers is asked anew, after the same time", () => {
  const { told, connection, answers } = watched();
  for (let round = 1; round <= 3; round++) {
    vi.advanceTimersByTime(30_000);
    expect(told).toHaveLength(round);
    connection.bytesRead += 17;
    answers[round - 1]?.();
  }
  expect(told).toEqual(["PING", "PING", "PING"]);
});

test("a peer that is heard is not asked, and need not answer", () => {
  const { told, connection } = watched();
  for (let round = 0; round < 5; round++) {
    connection.bytesRead++;
    vi.advanceTimersByTime(30_000);
  }
  expect(told).toEqual([]);
  vi.advanceTimersByTime(30_000);
  connection.bytesRead++;
  vi.advanceTimersByTime(20_000);
  expect(told).toEqual(["PING"]);
});

test.each([
  { when: "at rest", afterMs: 10_000, asked: [] },
  { when: "while it waits for an answer", afterMs: 30_000, asked: ["PING"] },
])("nothing is told any more when it is stopped $when", ({ afterMs, asked }) => {
  const { told, deadline, answers } = watched();
  vi.advanceTimersByTime(afterMs);
  deadline.stop();
  answers[0]?.();
  vi.advanceTimersByTime(100_000);
  expect(told).toEqual(asked);
  expect(vi.getTimerCount()).toBe(0);
});

test("without an interval nobody is asked", () => {
  const connection = { bytesRead: 0, ping: () => expect.unreachable() };
  const deadline = new PingDeadline(connection, { pingIntervalMs: Infinity, pongMs: 1 }, () => expect.unreachable());
  expect(vi.getTimerCount()).toBe(0);
  deadline.stop();
});
