import { expect, test } from "vitest";
import { formatTraceparent, tryParseTraceparent } from "../../../src/gateway/telemetry/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test.each([
  { value: `00-${traceId}-${spanId}-01`, parent: { traceId, spanId, isSampled: true } },
  { value: `00-${traceId}-${spanId}-00`, parent: { traceId, spanId, isSampled: false } },
  { value: `00-${traceId}-${spanId}-03`, parent: { traceId, spanId, isSampled: true } },
  { value: `cc-${traceId}-${spanId}-01-what-will-be`, parent: { traceId, spanId, isSampled: true } },
])("$value is gone on from", ({ value, parent }) => {
  expect(tryParseTraceparent(value)).toEqual(parent);
});

test.each([
  "",
  "00",
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.slice(1)}-${spanId}-01`,
  `00-${traceId}-${spanId}-0g`,
  ` 00-${traceId}-${spanId}-01`,
])("%j is no traceparent", (value) => {
  expect(tryParseTraceparent(value)).toBeUndefined();
});

test("what is written is read again", () => {
  const parent = { traceId, spanId, isSampled: true };
  expect(tryParseTraceparent(formatTraceparent(parent))).toEqual(parent);
});
