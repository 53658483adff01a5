import { expect, test } from "vitest";
import { amount, duration, size } from "../../src/cli/quantities.ts";

test.each([
  [0, "0 bytes"],
  [1_023, "1023 bytes"],
  [1_024, "1 KiB"],
  [65_535, "64 KiB"],
  [1_572_864, "1.5 MiB"],
  [2 ** 30 * 552, "552 GiB"],
  [2 ** 52, "4096 TiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_500, "1500 ms"],
  [90_000, "90 s"],
  [120_000, "2 min"],
  [5_400_000, "90 min"],
  [86_400_000, "24 h"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("one of a thing has no plural", () => {
  expect([0, 1, 2].map((count) => amount(count, "fault"))).toEqual(["0 faults", "1 fault", "2 faults"]);
});
