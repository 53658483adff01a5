import { expect, test } from "vitest";
import { Latencies } from "./latencies.ts";

test("a quantile is the least that its share is not above", () => {
  const latencies = new Latencies();
  expect(latencies.quantile(0.5)).toBeUndefined();
  for (const valueMs of [5, 1, 4, 2, 3]) latencies.record(valueMs);
  expect([0, 0.2, 0.5, 0.99].map((share) => latencies.quantile(share))).toEqual([1, 1, 3, 5]);
  latencies.clear();
  expect(latencies.quantile(0.5)).toBeUndefined();
});

test("of more than there is room for the last are kept", () => {
  const latencies = new Latencies();
  for (let count = 0; count < 3 * 2 ** 20; count++) latencies.record(count < 2 ** 21 ? 1 : 2);
  expect([0, 1].map((share) => latencies.quantile(share))).toEqual([2, 2]);
});
