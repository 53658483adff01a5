import { expect, test } from "vitest";
import { FailureBudget } from "../../../src/gateway/admin/failure-budget.ts";

function budget() {
  const clock = { ms: 1_000 };
  return { clock, failures: new FailureBudget(() => clock.ms) };
}

let guesses = 0;

function fail(failures: FailureBudget, client: string, times: number): void {
  for (let i = 0; i < times; i++) failures.failed(client, `guess ${(guesses += 1)}`);
}

test("ten failures within a minute, and then a client waits for its end; others do not", () => {
  const { clock, failures } = budget();
  fail(failures, "a", 9);
  expect(failures.waitOf("a")).toBeUndefined();
  clock.ms += 59_000;
  fail(failures, "a", 1);
  expect(failures.waitOf("a")).toBe(1_000);
  expect(failures.waitOf("b")).toBeUndefined();
  clock.ms += 1_000;
  expect(failures.waitOf("a")).toBeUndefined();
});

test("a minute later one begins anew", () => {
  const { clock, failures } = budget();
  fail(failures, "a", 9);
  clock.ms += 60_000;
  fail(failures, "a", 9);
  expect(failures.waitOf("a")).toBeUndefined();
});

test("the clients it remembers are bounded: the first that failed is forgotten", () => {
  const { failures } = budget();
  fail(failures, "first", 10);
  for (let i = 0; i < 1_023; i++) failures.failed(`c${i}`, "guess");
  expect(failures.waitOf("first")).toBe(60_000);
  failures.failed("one more", "guess");
  expect(failures.waitOf("first")).toBeUndefined();
});

test("the same wrong credentials count once, however often they are shown", () => {
  const { failures } = budget();
  for (let i = 0; i < 100; i++) expect(failures.failed("a", "those of yesterday")).toBe(false);
  expect(failures.waitOf("a")).toBeUndefined();
  fail(failures, "a", 8);
  expect(failures.waitOf("a")).toBeUndefined();
  expect(failures.failed("a", "one more guess")).toBe(true);
  expect(failures.failed("a", "one more guess")).toBe(false);
  expect(failures.waitOf("a")).toBe(60_000);
});
