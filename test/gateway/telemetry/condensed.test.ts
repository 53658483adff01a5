import { expect, test } from "vitest";
import { condensed } from "../../../src/gateway/telemetry/condensed.ts";
import { histogramFamily, Observations } from "../../../src/gateway/telemetry/distribution.ts";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";
import type { MetricFamily } from "../../../src/gateway/telemetry/metric-samples.ts";
import { parseExposition } from "../../support/exposition.ts";

function read(families: readonly MetricFamily[]): Readonly<Record<string, number>> {
  return Object.fromEntries(parseExposition(expositionText(condensed(families), "prometheus")));
}

function observed(...values: number[]): Observations {
  const observations = new Observations([1]);
  for (const value of values) observations.observe(value);
  return observations;
}

test("the histograms of all routes are one, but what has none stands apart, and so does the protocol", () => {
  const series = [
    { labels: { route: "a", protocol: "h1" }, distribution: observed(0.5) },
    { labels: { route: "b", protocol: "h1" }, distribution: observed(0.5, 3) },
    { labels: { route: "b", protocol: "h2" }, distribution: observed(4) },
    { labels: { route: "none", protocol: "h1" }, distribution: observed(2) },
  ];
  expect(read([histogramFamily({ name: "x", help: "x", edges: [1] }, series)])).toEqual({
    'x_bucket{le="1",protocol="h1",route="other"}': 2,
    'x_bucket{le="+Inf",protocol="h1",route="other"}': 3,
    'x_sum{protocol="h1",route="other"}': 4,
    'x_count{protocol="h1",route="other"}': 3,
    'x_bucket{le="1",protocol="h2",route="other"}': 0,
    'x_bucket{le="+Inf",protocol="h2",route="other"}': 1,
    'x_sum{protocol="h2",route="other"}': 4,
    'x_count{protocol="h2",route="other"}': 1,
    'x_bucket{le="1",protocol="h1",route="none"}': 0,
    'x_bucket{le="+Inf",protocol="h1",route="none"}': 1,
    'x_sum{protocol="h1",route="none"}': 2,
    'x_count{protocol="h1",route="none"}': 1,
  });
});

test("what never came of a route is left out, and nothing else", () => {
  const values = [
    { labels: { route: "a", result: "accepted" }, value: 0 },
    { labels: { route: "a", result: "origin" }, value: 0 },
    { labels: { route: "a", result: "limited" }, value: 2 },
    { labels: { result: "refused" }, value: 0 },
    { labels: { route: "a", direction: "in" }, value: 0 },
  ];
  expect(read([{ name: "x_total", help: "x", type: "counter", values }])).toEqual({
    'x_total{result="accepted",route="a"}': 0,
    'x_total{result="limited",route="a"}': 2,
    'x_total{result="refused"}': 0,
    'x_total{direction="in",route="a"}': 0,
  });
});

test("gauges stay as they are", () => {
  const family = { name: "x", help: "x", type: "gauge", values: [{ labels: { route: "a", result: "b" }, value: 0 }] };
  expect(condensed([family])).toEqual([family]);
});
