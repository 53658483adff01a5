import { expect, test } from "vitest";
import { RestartBudget } from "../../../src/gateway/lifecycle/restart-budget.ts";

test("a worker that ends is replaced later each time, and behind the fifth within 30 s no more", () => {
  const budget = new RestartBudget(2);
  expect([0, 1, 2, 3, 4, 29_999].map((nowMs) => budget.delayMs(nowMs))).toEqual([100, 200, 400, 800, 1_600, undefined]);
  expect(String(budget)).toBe("6 ended within 30 s");
});

test("ends of 30 s ago are forgotten", () => {
  const budget = new RestartBudget(2);
  const delays = Array.from({ length: 20 }, (_, at) => budget.delayMs(at * 7_500));
  expect(delays.slice(3)).toEqual(Array(17).fill(800));
});

test("many workers may all end twice, and none waits longer than 5 s", () => {
  const budget = new RestartBudget(8);
  const delays = Array.from({ length: 17 }, () => budget.delayMs(0));
  expect(delays.slice(5)).toEqual([3_200, ...Array(10).fill(5_000), undefined]);
});
