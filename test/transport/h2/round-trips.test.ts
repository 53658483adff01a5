import { expect, test } from "vitest";
import { RoundTrips } from "../../../src/transport/h2/round-trips.ts";

test("the shortest round trip counts: later ones may have waited", () => {
  const roundTrips = new RoundTrips(() => 0);
  expect([roundTrips.shortestMs, roundTrips.toleratedMs]).toEqual([0, 0]);
  for (const ms of [200, 150, 400]) roundTrips.record(ms);
  expect([roundTrips.shortestMs, roundTrips.toleratedMs]).toEqual([150, 180]);
  roundTrips.record(10);
  expect([roundTrips.shortestMs, roundTrips.toleratedMs]).toEqual([10, 30]);
  roundTrips.record(0);
  expect(roundTrips.toleratedMs).toBeCloseTo(20);
});

test("it is in doubt where nothing has been nearly as short for ten seconds", () => {
  let nowMs = 0;
  const roundTrips = new RoundTrips(() => nowMs);
  roundTrips.record(100);
  for (const { atMs, tookMs, isInDoubt } of [
    { atMs: 9_000, tookMs: 109, isInDoubt: false },
    { atMs: 18_000, tookMs: 111, isInDoubt: false },
    { atMs: 20_000, tookMs: 150, isInDoubt: true },
    { atMs: 21_000, tookMs: 105, isInDoubt: false },
    { atMs: 40_000, tookMs: 300, isInDoubt: true },
  ]) {
    nowMs = atMs;
    roundTrips.record(tookMs);
    expect(roundTrips.isInDoubt).toBe(isInDoubt);
  }
  roundTrips.renew(300);
  expect([roundTrips.shortestMs, roundTrips.isInDoubt]).toEqual([300, false]);
});
