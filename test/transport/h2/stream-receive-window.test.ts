import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RoundTrips } from "../../../src/transport/h2/round-trips.ts";
import { firstWindowBytes, StreamReceiveWindow } from "../../../src/transport/h2/stream-receive-window.ts";

const First = 65_535;
const Max = 1_048_576;

function windowOver(roundTripMs: number | undefined, maxBytes = Max) {
  const clock = { nowMs: 1_000 };
  const roundTrips = new RoundTrips(() => clock.nowMs);
  if (roundTripMs !== undefined) roundTrips.record(roundTripMs);
  const window = new StreamReceiveWindow(
    { maxBytes, roundTrips, nowMs: () => clock.nowMs },
    firstWindowBytes(maxBytes),
  );
  return { window, clock };
}

/**
 * A sender that never stops, over a path that takes `bytesPerMs` and `roundTripMs`; returns how large the window is in each
 * millisecond: what may be sent, what is on its way, and what is granted and on its way.
 */
function driven(bytesPerMs: number, roundTripMs: number, forMs: number, maxBytes = Max): number[] {
  const { window, clock } = windowOver(roundTripMs, maxBytes);
  const sent: { atMs: number; bytes: number }[] = [];
  const grants: { atMs: number; bytes: number }[] = [];
  let sendable = firstWindowBytes(maxBytes);
  const sizes: number[] = [];
  for (const endMs = clock.nowMs + forMs; clock.nowMs < endMs; clock.nowMs++) {
    while (grants.length > 0 && grants[0]!.atMs <= clock.nowMs) sendable += grants.shift()!.bytes;
    const bytes = Math.min(sendable, bytesPerMs);
    sendable -= bytes;
    if (bytes > 0) sent.push({ atMs: clock.nowMs + roundTripMs / 2, bytes });
    while (sent.length > 0 && sent[0]!.atMs <= clock.nowMs) {
      const { bytes: came } = sent.shift()!;
      expect(window.take(came)).toBe(true);
      const granted = window.consume(came);
      if (granted > 0) grants.push({ atMs: clock.nowMs + roundTripMs / 2, bytes: granted });
    }
    sizes.push(sendable + [...sent, ...grants].reduce((sum, one) => sum + one.bytes, 0));
  }
  return sizes;
}

describe("the window of a stream", () => {
  test.each([
    { what: "64 KiB, as everybody's", maxBytes: Max, first: First },
    { what: "less where it may never be more", maxBytes: 1_024, first: 1_024 },
  ])("begins with $what", ({ maxBytes, first }) => {
    expect(firstWindowBytes(maxBytes)).toBe(first);
    const { window } = windowOver(100, maxBytes);
    expect(window.take(first)).toBe(true);
    expect(window.take(1)).toBe(false);
  });

  test("is given back as it is read, an eighth at least at a time", () => {
    const { window } = windowOver(undefined);
    window.take(60_000);
    expect([8_000, 191, 1, 8_191, 40_000].map((bytes) => window.consume(bytes))).toEqual([0, 0, 8_192, 0, 48_191]);
  });

  test.each([
    // On such a path 187 500 bytes are on their way: a fifth more keeps it full.
    { what: "10 Mbit/s over 150 ms", bytesPerMs: 1_250, roundTripMs: 150, from: 187_500, to: 234_000 },
    { what: "100 Mbit/s over 50 ms", bytesPerMs: 12_500, roundTripMs: 50, from: 625_000, to: 1_000_000 },
    { what: "1 Gbit/s over 100 ms", bytesPerMs: 125_000, roundTripMs: 100, from: Max, to: Max },
    { what: "10 Mbit/s over 20 ms", bytesPerMs: 1_250, roundTripMs: 20, from: First, to: First + 20_000 },
    { what: "1 Mbit/s over 150 ms", bytesPerMs: 125, roundTripMs: 150, from: First, to: First },
  ])("grows to what is on the way at $what", ({ bytesPerMs, roundTripMs, from, to }) => {
    const bytes = Math.max(...driven(bytesPerMs, roundTripMs, 5_000).slice(-roundTripMs));
    expect(bytes).toBeGreaterThanOrEqual(from);
    expect(bytes).toBeLessThanOrEqual(to);
  });

  test.each([
    { what: "nobody knows the round trip", roundTripMs: undefined, everyMs: 1 },
    { what: "it drains slowly", roundTripMs: 150, everyMs: 200 },
  ])("does not grow where $what", ({ roundTripMs, everyMs }) => {
    const { window, clock } = windowOver(roundTripMs);
    let granted = 0;
    for (let read = 0; read < 100; read++, clock.nowMs += everyMs) {
      window.take(32_768);
      granted += window.consume(32_768);
    }
    expect(granted).toBe(100 * 32_768);
  });

  test("does not grow by a burst behind a rest", () => {
    const { window, clock } = windowOver(1);
    window.take(First);
    clock.nowMs += 60_000;
    // All that came ahead is read at once.
    expect([40_000, 25_535].map((bytes) => window.consume(bytes))).toEqual([40_000, 25_535]);
  });

  test("is too large at the end of its ramp: less is given back than was read, and then it fits", () => {
    const sizes = driven(1_250, 150, 3_000);
    expect(Math.max(...sizes)).toBeLessThan(2 * 187_500);
    expect(Math.max(...sizes.slice(-150))).toBeLessThan(1.21 * 187_500);
  });

  test("never lets more come than its bound, and never less than it begins with", () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 70_000 }), waitMs: fc.nat({ max: 300 }) });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1_024, max: 400_000 }), (steps, maxBytes) => {
        const { window, clock } = windowOver(40, maxBytes);
        const first = firstWindowBytes(maxBytes);
        let mayCome = first;
        for (const { bytes, waitMs } of steps) {
          const comes = Math.min(bytes, mayCome);
          expect(window.take(comes)).toBe(true);
          const granted = window.consume(comes);
          expect(granted).toBeGreaterThanOrEqual(0);
          mayCome += granted - comes;
          clock.nowMs += waitMs;
          expect(mayCome).toBeLessThanOrEqual(maxBytes);
          // All but what waits for the next grant.
          expect(mayCome).toBeGreaterThan(first - Math.ceil(maxBytes / 8));
        }
        expect(window.take(mayCome + 1)).toBe(false);
      }),
    );
  });
});
