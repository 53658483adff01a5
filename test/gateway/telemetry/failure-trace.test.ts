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

test.each([
  { what: "a stack that is no text", property: "stack", value: 5, trace: "Error" },
  { what: "a name of two lines", property: "name", value: "a\n{}\u001b[31m", trace: String.raw`a\u000a{}\u001b[31m` },
])("tells of an error with $what", ({ property, value, trace }) => {
  const error = new Error("secret");
  delete error.stack;
  expect(failureTrace(Object.assign(error, { [property]: value }))).toBe(trace);
});
