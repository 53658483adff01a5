import * as fc from "fast-check";
import { expect, test } from "vitest";
import { H2Model, type ModelStep } from "../../support/h2-model.ts";
import { serveHawser } from "../../support/hawser-serving.ts";

const slot = fc.nat({ max: 5 });
const bytes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 70_000 }));
/** Small ones make windows negative that have been used. */
const window = fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 100_000 }));
const step = <T extends ModelStep["type"]>(...types: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...types);

const Step: fc.Arbitrary<ModelStep> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: step("open") }) },
  { weight: 8, arbitrary: fc.record({ type: step("write", "send", "update"), slot, bytes }) },
  { weight: 1, arbitrary: fc.record({ type: step("padded"), slot, padding: fc.nat({ max: 255 }) }) },
  { weight: 2, arbitrary: fc.record({ type: step("pause", "resume"), slot }) },
  { weight: 2, arbitrary: fc.record({ type: step("end", "send-end", "abort", "reset"), slot }) },
  { weight: 2, arbitrary: fc.record({ type: step("update-all"), bytes }) },
  { weight: 3, arbitrary: fc.record({ type: step("initial-window"), bytes: window }) },
  { weight: 1, arbitrary: fc.record({ type: step("ping") }) },
);

const StreamWindowBytes = 40_000;

test("in no session is a window exceeded, or a byte lost, doubled or moved", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const served = await serveHawser({
        http2: { streamWindowBytes: StreamWindowBytes, connectionWindowBytes: 65_535, resetBurst: 10_000 },
      });
      const model = new H2Model(served, StreamWindowBytes);
      try {
        await model.do({ type: "open" });
        for (const one of steps) await model.do(one);
        await model.finish();
        expect(model.faults).toEqual([]);
      } finally {
        await model.close();
      }
    }),
    { numRuns: 120 },
  );
});
