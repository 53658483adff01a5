import { expect, test } from "vitest";
import { histogramFamily, Observations, summedDistribution } from "../../../src/gateway/telemetry/distribution.ts";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";

function observed(...values: number[]): Observations {
  const observations = new Observations([1, 10]);
  for (const value of values) observations.observe(value);
  return observations;
}

test("a value counts at the first edge that is not less", () => {
  expect(observed(0, 1, 1.5, 10, 11, 1000)).toMatchObject({ counts: [2, 2, 2], sum: 1023.5 });
});

test("a family has what Prometheus' histograms have: how many up to each edge, all of them, and their sum", () => {
  const facts = { name: "x_seconds", help: "How long.", edges: [1, 10] };
  const series = [{ labels: { route: "a" }, distribution: observed(0.5, 5, 50) }];
  expect(expositionText([histogramFamily(facts, series)], "prometheus").split("\n")).toEqual([
    "# HELP x_seconds How long.",
    "# TYPE x_seconds histogram",
    'x_seconds_bucket{route="a",le="1"} 1',
    'x_seconds_bucket{route="a",le="10"} 2',
    'x_seconds_bucket{route="a",le="+Inf"} 3',
    'x_seconds_sum{route="a"} 55.5',
    'x_seconds_count{route="a"} 3',
    "",
  ]);
});

test("several are summed edge by edge", () => {
  expect(summedDistribution([observed(1, 5), observed(1, 50)])).toEqual({ counts: [2, 1, 1], sum: 57 });
  expect(summedDistribution([])).toEqual({ counts: [], sum: 0 });
});
