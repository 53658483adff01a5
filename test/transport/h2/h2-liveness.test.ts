import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { H2Liveness } from "../../../src/transport/h2/h2-liveness.ts";

const LookMs = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const connection = { bytesRead: 0, dataBytesSent: 0, pings: 0, ping: () => void connection.pings++ };
  let deaths = 0;
  const liveness = new H2Liveness(connection, LookMs, () => {
    deaths++;
    liveness.stop();
  });
  return { connection, liveness, deaths: () => deaths };
}

test("a connection on which nothing moves is asked once, and dead when it does not answer", () => {
  const { connection, deaths } = watched();
  vi.advanceTimersByTime(6 * LookMs);
  expect([connection.pings, deaths()]).toEqual([1, 0]);
  vi.advanceTimersByTime(5 * LookMs);
  expect(deaths()).toBe(0);
  vi.advanceTimersByTime(LookMs);
  expect([connection.pings, deaths()]).toEqual([1, 1]);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(["bytesRead", "dataBytesSent"] as const)("%s are a sign of life", (moved) => {
  const { connection, liveness, deaths } = watched();
  for (let look = 0; look < 50; look++) {
    vi.advanceTimersByTime(5 * LookMs);
    connection[moved]++;
  }
  expect([connection.pings, deaths()]).toEqual([0, 0]);
  vi.advanceTimersByTime(7 * LookMs);
  connection[moved]++;
  vi.advanceTimersByTime(10 * LookMs);
  expect(deaths()).toBe(0);
  liveness.stop();
  expect(vi.getTimerCount()).toBe(0);
});
