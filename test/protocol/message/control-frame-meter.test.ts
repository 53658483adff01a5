import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ControlFrameMeter } from "../../../src/protocol/message/control-frame-meter.ts";

/** A meter for `burst` at once and `perSecond`, and what it says at each of the `times`, in milliseconds. */
function verdicts(burst: number, perSecond: number, times: readonly number[]): string {
  let nowMs = 0;
  const meter = new ControlFrameMeter(burst, perSecond, () => nowMs);
  return times
    .map((time) => {
      nowMs = time;
      return meter.take() ? "+" : "-";
    })
    .join("");
}

test.each([
  { name: "as many as may come at once", burst: 3, perSecond: 1, times: [0, 0, 0], said: "+++" },
  { name: "one too many", burst: 3, perSecond: 1, times: [0, 0, 0, 0], said: "+++-" },
  {
    name: "one more for each that time has given back",
    burst: 2,
    perSecond: 10,
    times: [0, 0, 99, 100, 101],
    said: "++-+-",
  },
  { name: "no more at once after a long rest", burst: 2, perSecond: 10, times: [0, 1e9, 1e9, 1e9], said: "+++-" },
  { name: "the long run alone where none may be given back", burst: 1, perSecond: 0, times: [0, 1e9], said: "+-" },
  { name: "half a token is none", burst: 1, perSecond: 1, times: [0, 500, 999, 1_000], said: "+--+" },
])("$name", ({ burst, perSecond, times, said }) => {
  expect(verdicts(burst, perSecond, times)).toBe(said);
});

test("over any time there come no more than the burst and what the rate gives, whatever the rhythm", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 50 }),
      fc.array(fc.nat(500), { maxLength: 100 }),
      (burst, perSecond, steps) => {
        let nowMs = 0;
        const times = steps.map((step) => (nowMs += step));
        const taken = verdicts(burst, perSecond, times).replaceAll("-", "").length;
        expect(taken).toBeLessThanOrEqual(burst + (nowMs * perSecond) / 1_000 + 1e-6);
      },
    ),
  );
});
