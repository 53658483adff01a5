import { expect, test } from "vitest";
import { parseQuery } from "./promql.ts";

test.each([
  { expr: "up == 0 and on (job) down > 1", operands: ["up", "down"] },
  { expr: "absent(up)", operands: ["up"] },
  { expr: "rate(a[5m]) / (b > 0) > 0.5", operands: ["rate(a[5m]) / (b > 0)", "b"] },
  { expr: "sum(a)", operands: ["sum(a)"] },
])("$expr compares or asks for $operands", ({ expr, operands }) => {
  expect(parseQuery(expr).operands).toEqual(operands);
});

test("finds metrics, labels and the words that labels are compared with", () => {
  const { metrics, labels, values } = parseQuery(
    'sum by (le) (rate(a_bucket{code=~"1006|1.*",x!="y"}[5m])) / on (z) b',
  );
  expect([...metrics]).toEqual(["a_bucket", "b"]);
  expect([...labels]).toEqual(["le", "code", "x", "z"]);
  expect(values).toEqual([
    { label: "code", value: "1006" },
    { label: "x", value: "y" },
  ]);
});

test.each(["sum(", "rate(a[$__rate_interval])", "a{b=}"])("refuses %s", (expr) => {
  expect(() => parseQuery(expr)).toThrow("no PromQL");
});
