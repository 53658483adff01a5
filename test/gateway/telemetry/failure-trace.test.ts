import { expect, test } from "vitest";
import { failureTrace } from "../../../src/gateway/telemetry/failure-trace.ts";

test("tells kind and place of an error, and nothing of what it says", () => {
  const error = new RangeError("secret\n    at two lines");
  const trace = failureTrace(error);
  expect(trace).toMatch(/^RangeError\n {4}at .*failure-trace\.test\.ts/);
  expect(trace).not.toContain("secret");
  expect(trace).not.toContain("two lines");
});

test.each([
  { failure: "secret", trace: "string" },
  { failure: undefined, trace: "undefined" },
  { failure: { secret: 1 }, trace: "object" },
])("tells of what is no error that it is of type $trace", ({ failure, trace }) => {
  expect(failureTrace(failure)).toBe(trace);
});

test("does without a stack", () => {
  const error = new Error("secret");
  delete error.stack;
  expect(failureTrace(error)).toBe("Error");
});
