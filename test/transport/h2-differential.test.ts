import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differencesOf } from "../support/h2-session-comparison.ts";
import { SessionEngine } from "../support/h2-session-engines.ts";
import { Differences } from "../support/h2-session-faults.ts";
import { FaultNames, NumbersPerStep, stepOf, type HeaderForm, type SessionStep } from "../support/h2-session-steps.ts";

// The engine node:http2 is the oracle of our own: of the same session both ends have to see the same on both.

let node: SessionEngine;
let hawser: SessionEngine;

beforeAll(async () => {
  [node, hawser] = [await SessionEngine.start("node"), await SessionEngine.start("hawser")];
});

afterAll(() => {
  node.stop();
  hawser.stop();
});

/** How long new sessions are made up; `npm run fuzz -- http2-engines` takes as long as it is told. */
const TimeLimitMs = 20_000;

const Numbers = fc.array(fc.nat({ max: 255 }), { minLength: NumbersPerStep, maxLength: NumbersPerStep });
const Session = fc.array(Numbers.map(stepOf), { minLength: 4, maxLength: 60 });

test("clients and applications see the same of any session", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(Session, async (steps) => {
      expect(differencesOf(await node.play(steps), await hawser.play(steps))).toEqual([]);
    }),
    { numRuns: 400, interruptAfterTimeLimit: TimeLimitMs },
  );
});

const Form: HeaderForm = { isCompressed: true, padding: 0, hasPriority: false, frames: 1 };
const open = (request: "echo" | "get" | "unanswered", isLast = false): SessionStep => ({
  type: "open",
  request,
  isLast,
  form: Form,
});
/** With a stream in each state that a fault may ask for. */
const Before: readonly SessionStep[] = [
  open("get", true),
  open("unanswered", true),
  open("unanswered"),
  { type: "settle", cuts: [] },
  { type: "reset", slot: 2, code: 8 },
  open("echo"),
  { type: "data", slot: 3, bytes: 100, padding: 0, isLast: false },
];

describe("a fault leads to the same, or to what the RFC leaves a choice of", () => {
  test.each(FaultNames)("%s", async (fault) => {
    const steps: readonly SessionStep[] = [...Before, { type: "fault", fault, slot: 0 }];
    const [ofNode, ofHawser] = [await node.play(steps), await hawser.play(steps)];
    expect([ofNode.fault, ofHawser.fault]).toEqual([fault, fault]);
    expect(differencesOf(ofNode, ofHawser)).toEqual([]);
  });
});

test("each difference that is listed is one", () => {
  for (const { fault, node, hawser } of Differences) expect([fault, node]).not.toEqual([fault, hawser]);
});
