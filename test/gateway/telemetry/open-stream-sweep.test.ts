import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OpenStreamSweep } from "../../../src/gateway/telemetry/open-stream-sweep.ts";
import { StreamRegistry, type StreamRecord } from "../../../src/gateway/telemetry/stream-registry.ts";

const Minute = 60_000;
const Facts = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 } as const;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** A sweep over the streams of a registry, and what it told: stream and second. */
function sweepOver(everyMs: number | undefined) {
  const told: { id: number; second: number }[] = [];
  const streams = new StreamRegistry({ now: () => Date.now() });
  const tell = (record: StreamRecord, now: number) => void told.push({ id: record.id, second: now / 1000 });
  const sweep = new OpenStreamSweep(tell, () => Date.now());
  streams.observe(sweep);
  sweep.every(everyMs);
  return { streams, sweep, told };
}

test("tells of each stream every period until it closes", () => {
  const { streams, told } = sweepOver(Minute);
  const first = streams.open(Facts);
  vi.advanceTimersByTime(10_500);
  streams.open(Facts);
  vi.advanceTimersByTime(2 * Minute);
  first.close({ initiator: "client", code: 1000, cause: "close-frame" });
  vi.advanceTimersByTime(Minute + 1_000);
  expect(told).toEqual([
    { id: 1, second: 60 },
    { id: 2, second: 71 },
    { id: 1, second: 120 },
    { id: 2, second: 131 },
    { id: 2, second: 191 },
  ]);
});

test("of 10 000 streams that opened together a turn tells few, each once a period", () => {
  const { streams, told } = sweepOver(5 * Minute);
  for (let i = 0; i < 10_000; i++) streams.open(Facts);
  vi.advanceTimersByTime(7.5 * Minute);
  expect(told).toHaveLength(10_000);
  expect(new Set(told.map(({ id }) => id)).size).toBe(10_000);
  const perTurn = Map.groupBy(told, ({ second }) => second);
  expect(Math.max(...Array.from(perTurn.values(), ({ length }) => length))).toBe(67);
  vi.advanceTimersByTime(5 * Minute);
  expect(told).toHaveLength(20_000);
  const again = told.slice(10_000).filter(({ id, second }, i) => id === told[i]?.id && second === told[i].second + 300);
  expect(again).toHaveLength(10_000);
});

test("takes another period over for the streams that are open", () => {
  const { streams, sweep, told } = sweepOver(undefined);
  streams.open(Facts);
  vi.advanceTimersByTime(10 * Minute);
  expect([told, vi.getTimerCount(), sweep.size]).toEqual([[], 0, 1]);
  sweep.every(Minute);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([{ id: 1, second: 601 }]);
  sweep.every(undefined);
  vi.advanceTimersByTime(10 * Minute);
  expect([told.length, vi.getTimerCount()]).toEqual([1, 0]);
});
