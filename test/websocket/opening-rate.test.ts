import * as fc from "fast-check";
import { expect, test } from "vitest";
import { OpeningRate } from "../../src/websocket/opening-rate.ts";

/** How many of `count` openings at once get a token. */
function takenOf(rate: OpeningRate, client: string, count: number, now: number): number {
  return Array.from({ length: count }, () => rate.take(client, now)).filter((waitMs) => waitMs === 0).length;
}

test("a burst at once, then one token each interval", () => {
  const rate = new OpeningRate({ perSecond: 4, burst: 3 });
  const asked = [
    { at: 0, waitMs: 0 },
    { at: 0, waitMs: 0 },
    { at: 0, waitMs: 0 },
    { at: 0, waitMs: 250 },
    { at: 100, waitMs: 150 },
    { at: 250, waitMs: 0 },
    { at: 250, waitMs: 250 },
    { at: 750, waitMs: 0 },
    { at: 750, waitMs: 0 },
    { at: 750, waitMs: 250 },
    { at: 60_000, waitMs: 0 },
    { at: 60_000, waitMs: 0 },
    { at: 60_000, waitMs: 0 },
    { at: 60_000, waitMs: 250 },
  ];
  expect(asked.map(({ at }) => ({ at, waitMs: rate.take("a", at) }))).toEqual(asked);
});

test("what one client takes is not missed by another", () => {
  const rate = new OpeningRate({ perSecond: 1, burst: 2 });
  expect(takenOf(rate, "a", 100, 0)).toBe(2);
  expect(takenOf(rate, "b", 100, 0)).toBe(2);
});

test("without a rate nothing waits and nobody is kept", () => {
  const rate = new OpeningRate(undefined);
  expect(takenOf(rate, "a", 100, 0)).toBe(100);
  expect(rate.size).toBe(0);
});

test("never more than burst and refill, and the wait that is told is enough", () => {
  const steps = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 60 });
  const whole = (max: number) => fc.integer({ min: 1, max });
  fc.assert(
    fc.property(
      whole(50),
      whole(20),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      steps,
      (perSecond, burst, from, gaps) => {
        const rate = new OpeningRate({ perSecond, burst });
        let now = from;
        let taken = takenOf(rate, "a", burst + 1, now);
        expect(taken).toBe(burst);
        for (const gap of gaps) {
          now += gap;
          const waitMs = rate.take("a", now);
          if (waitMs === 0) taken += 1;
          expect(waitMs).toBeLessThanOrEqual(1000 / perSecond + 0.001);
          expect(taken).toBeLessThanOrEqual(burst + ((now - from) * perSecond) / 1000 + 0.01);
        }
        let waitMs = 0;
        while (waitMs === 0) waitMs = rate.take("a", now);
        expect(rate.take("a", now + waitMs)).toBe(0);
      },
    ),
  );
});

test.each([
  { what: "a lower rate", to: { perSecond: 1, burst: 2 }, waitMs: 1_000 },
  { what: "a higher rate", to: { perSecond: 1_000, burst: 1 }, waitMs: 1 },
  { what: "a larger burst", to: { perSecond: 10, burst: 102 }, waitMs: 0 },
  { what: "the same", to: { perSecond: 10, burst: 100 }, waitMs: 100 },
])("with $what the next token comes after $waitMs ms at most", ({ to, waitMs }) => {
  const rate = new OpeningRate({ perSecond: 10, burst: 100 });
  expect(takenOf(rate, "a", 100, 0)).toBe(100);
  rate.update(to);
  expect(rate.take("a", 0)).toBe(waitMs);
  expect(rate.take("a", waitMs)).toBe(0);
});

test("switched off and on it begins anew", () => {
  const rate = new OpeningRate({ perSecond: 1, burst: 1 });
  rate.take("a", 0);
  rate.update(undefined);
  rate.update({ perSecond: 1, burst: 1 });
  expect(rate.take("a", 0)).toBe(0);
});

test("a client whose bucket is full again is forgotten, and none before", () => {
  const rate = new OpeningRate({ perSecond: 1, burst: 10 });
  for (let i = 0; i < 1_000; i++) expect(takenOf(rate, `early ${i}`, 11, 0)).toBe(10);
  for (let second = 1; second <= 10; second++) expect(takenOf(rate, "early 7", 11, second * 1_000)).toBe(1);
  expect(takenOf(rate, "early 8", 11, 10_000)).toBe(10);
  expect(rate.size).toBeGreaterThanOrEqual(1_000);
  rate.take("late", 20_000);
  expect(rate.size).toBeLessThanOrEqual(3);
});

test("a million clients take no more memory than its bound, and none is refused for the others", () => {
  const rate = new OpeningRate({ perSecond: 1, burst: 10 });
  let refused = 0;
  for (let i = 0; i < 1_000_000; i++) if (rate.take(`client ${i}`, i / 1_000) > 0) refused += 1;
  expect(refused).toBe(0);
  expect(rate.size).toBeLessThanOrEqual(65_536);
});

test("at its bound it forgets who has not asked for longest", () => {
  const rate = new OpeningRate({ perSecond: 1, burst: 1 }, 4);
  for (const client of ["a", "b", "c", "a", "d"]) rate.take(client, 0);
  expect(rate.take("a", 0)).toBeGreaterThan(0);
  expect(rate.take("b", 0)).toBe(0);
});
