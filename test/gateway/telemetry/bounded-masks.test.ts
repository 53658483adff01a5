import { expect, test } from "vitest";
import { BoundedMasks } from "../../../src/gateway/telemetry/bounded-masks.ts";

const Catastrophe = `${"a".repeat(40)}!`;

test("a mask that takes for ever with a text is stopped, shows nothing of it, and rests", () => {
  let clock = 0;
  const masks = new BoundedMasks([/x/gu, /(a+)+$/gu], () => clock);
  expect(masks.tryMask("ax aa")).toBe("a*** ***");
  const startedAt = performance.now();
  expect(masks.tryMask(Catastrophe)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(masks.tryMask("aa")).toBeUndefined();
  clock += 9_400;
  expect(masks.tryMask("aa")).toBeUndefined();
  clock += 200;
  expect(masks.tryMask("aa")).toBe("***");
});

test("texts in a storm are masked as long as that takes a fifth of the time at most", () => {
  let clock = 0;
  const masks = new BoundedMasks([/a/gu], () => (clock += 20));
  const shown = Array.from({ length: 1_000 }, () => masks.tryMask("a") === "***").filter(Boolean).length;
  // Each look takes 20 ms of the 20 or 40 that pass meanwhile.
  expect(shown * 20).toBeLessThan(clock * 0.2 + 200);
  expect(shown).toBeGreaterThan(100);
});

test("where there are no masks nothing is counted", () => {
  const masks = new BoundedMasks([], () => 0);
  expect(masks.tryMask(Catastrophe)).toBe(Catastrophe);
});

test("a text is no code", () => {
  const masks = new BoundedMasks([/b/gu], () => 0);
  expect(masks.tryMask("'); process.exit(1); ('b")).toBe("'); process.exit(1); ('***");
});
