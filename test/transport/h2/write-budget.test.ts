import { describe, expect, test } from "vitest";
import { RoundTrips } from "../../../src/transport/h2/round-trips.ts";
import { WriteBudget } from "../../../src/transport/h2/write-budget.ts";

const Least = 65_536;

interface Path {
  readonly bytesPerMs: number;
  readonly roundTripMs: number;
  /** How much longer each answer takes, by its turn. */
  readonly jitterMs?: (turn: number) => number;
  /** How much longer a round trip is from five seconds on. */
  readonly laterMs?: number;
}

/** A sender that always has more, over a path with a queue without end; what the last `measuredMs` were like. */
function driven({ bytesPerMs, roundTripMs, jitterMs = () => 0, laterMs = 0 }: Path, forMs: number, measuredMs: number) {
  let nowMs = 0;
  const roundTrips = new RoundTrips(() => nowMs);
  roundTrips.record(roundTripMs);
  const budget = new WriteBudget(roundTrips, () => nowMs);
  const answers: { atMs: number; payload: Uint8Array }[] = [];
  let written = 0;
  let queued = 0;
  let delivered = 0;
  let longestWaitMs = 0;
  let probes = 0;
  for (; nowMs < forMs; nowMs++) {
    const sent = Math.min(queued, bytesPerMs);
    queued -= sent;
    if (nowMs >= forMs - measuredMs) delivered += sent;
    while (answers.length > 0 && answers[0]!.atMs <= nowMs) budget.take(answers.shift()!.payload);
    expect(Number.isInteger(budget.endBytes)).toBe(true);
    while (written < budget.endBytes) {
      const bytes = Math.min(budget.endBytes - written, 16_384);
      written += bytes;
      queued += bytes;
      if (written < budget.nextProbeBytes) continue;
      const waitMs = queued / bytesPerMs;
      answers.push({
        atMs: nowMs + waitMs + roundTripMs + (nowMs > 5_000 ? laterMs : 0) + jitterMs(probes++),
        payload: budget.probe(written, "waiting"),
      });
      answers.sort((one, other) => one.atMs - other.atMs);
    }
    if (nowMs >= forMs - measuredMs) longestWaitMs = Math.max(longestWaitMs, queued / bytesPerMs);
  }
  return { share: delivered / (bytesPerMs * measuredMs), longestWaitMs, probesPerSecond: (1_000 * probes) / forMs };
}

/** Knows nothing of its path. */
function budgetAt(clock: { readonly nowMs: number }): WriteBudget {
  const nowMs = () => clock.nowMs;
  return new WriteBudget(new RoundTrips(nowMs), nowMs);
}

describe("what is on its way", () => {
  test.each([
    { what: "10 Mbit/s over 150 ms", bytesPerMs: 1_250, roundTripMs: 150, waitMs: 30 },
    { what: "100 Mbit/s over 150 ms", bytesPerMs: 12_500, roundTripMs: 150, waitMs: 30 },
    { what: "50 Mbit/s over 20 ms", bytesPerMs: 6_250, roundTripMs: 20, waitMs: 20 },
    { what: "1 Gbit/s over 1 ms", bytesPerMs: 125_000, roundTripMs: 1, waitMs: 20 },
    { what: "10 Mbit/s over 20 ms", bytesPerMs: 1_250, roundTripMs: 20, waitMs: 53 },
    { what: "1 Mbit/s over 150 ms", bytesPerMs: 125, roundTripMs: 150, waitMs: 525 },
  ])("fills $what, and the queue before it is short", ({ waitMs, ...path }) => {
    const { share, longestWaitMs, probesPerSecond } = driven(path, 8_000, 4_000);
    expect(share).toBeGreaterThan(0.93);
    // A frame may come on top, and the answer to a PING a millisecond later than it could.
    expect(longestWaitMs).toBeLessThan(waitMs + 16_384 / path.bytesPerMs + 5);
    expect(probesPerSecond).toBeLessThan(500);
  });

  test("fills a path whose round trips vary", () => {
    const jitterMs = (turn: number) => (turn * 7) % 40;
    const { share } = driven({ bytesPerMs: 6_250, roundTripMs: 20, jitterMs }, 8_000, 4_000);
    expect(share).toBeGreaterThan(0.7);
  });

  test("is doubled in each round trip until the path is full", () => {
    const { share } = driven({ bytesPerMs: 12_500, roundTripMs: 100 }, 1_200, 200);
    expect(share).toBeGreaterThan(0.93);
  });

  test("stays what it is for minutes", () => {
    const { share, longestWaitMs } = driven({ bytesPerMs: 1_250, roundTripMs: 150 }, 120_000, 30_000);
    expect(share).toBeGreaterThan(0.93);
    expect(longestWaitMs).toBeLessThan(60);
  });

  test("grows again where the path becomes longer, a little later", () => {
    const { share } = driven({ bytesPerMs: 6_250, roundTripMs: 20, laterMs: 300 }, 30_000, 10_000);
    expect(share).toBeGreaterThan(0.9);
  });

  test("is little on a path that nobody has measured", () => {
    const budget = budgetAt({ nowMs: 0 });
    expect([budget.endBytes, budget.nextProbeBytes]).toEqual([Least, Least / 2]);
  });
});

describe("the PINGs of a budget", () => {
  test("are known by their payload, each once, and an answer stands for those before it", () => {
    const clock = { nowMs: 0 };
    const budget = budgetAt(clock);
    const payloads = [10_000, 20_000, 30_000].map((bytes) => budget.probe(bytes, "idle"));
    clock.nowMs = 10;
    expect(budget.take(new Uint8Array(8))).toBe(false);
    expect(budget.take(payloads[1]!)).toBe(true);
    const after = budget.endBytes;
    expect(after).toBeGreaterThanOrEqual(20_000 + Least);
    for (const again of [payloads[0]!, payloads[1]!]) expect(budget.take(again)).toBe(true);
    expect(budget.endBytes).toBe(after);
  });

  test("are few where nobody waits for them", () => {
    const budget = budgetAt({ nowMs: 0 });
    budget.probe(10_000, "idle");
    expect(budget.nextProbeBytes).toBe(10_000 + Least / 2);
    budget.probe(50_000, "waiting");
    expect(budget.nextProbeBytes).toBe(50_000 + Least / 8);
  });

  test("that nobody answers hold nothing back for longer than patience, until one is answered", () => {
    const clock = { nowMs: 0 };
    const budget = budgetAt(clock);
    budget.probe(Least, "idle");
    expect(budget.patienceMs).toBe(1_000);
    budget.giveUp();
    expect(budget.endBytes).toBe(Infinity);
    const late = Array.from({ length: 100 }, (_, at) => budget.probe(Least * (at + 2), "idle"));
    clock.nowMs = 100;
    budget.take(late[0]!);
    expect(budget.endBytes).toBe(Infinity);
    budget.take(late[99]!);
    expect(budget.endBytes).toBeLessThan(Infinity);
    expect(budget.endBytes).toBeGreaterThan(Least * 101);
  });
});
