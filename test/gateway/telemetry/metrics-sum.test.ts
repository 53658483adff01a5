import { expect, test } from "vitest";
import { histogramFamily, Observations } from "../../../src/gateway/telemetry/distribution.ts";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";
import type { MetricFamily, MetricSample } from "../../../src/gateway/telemetry/metric-samples.ts";
import { MetricsSum } from "../../../src/gateway/telemetry/metrics-sum.ts";
import { parseExposition } from "../../support/exposition.ts";

function family(type: string, name: string, ...values: MetricSample[]): MetricFamily {
  return { name, type, help: "Help.", values };
}

function value(number: number, labels: MetricSample["labels"] = {}, metricName?: string): MetricSample {
  return { value: number, labels, ...(metricName !== undefined && { metricName }) };
}

/** The numbers of one process that has `opened` streams of a route, `open` of them still. */
function numbers(opened: number, open: number, route = "chat"): MetricFamily[] {
  return [
    family("counter", "hawser_opened_total", value(opened, { route, protocol: "h1" })),
    family("gauge", "hawser_open", value(open, { route })),
    family(
      "histogram",
      "hawser_duration_seconds",
      value(opened - open, { le: "+Inf", route }, "hawser_duration_seconds_bucket"),
      value(opened - open, { route }, "hawser_duration_seconds_count"),
    ),
    family("gauge", "hawser_build_info", value(1, { version: "1" })),
    family("counter", "process_cpu_seconds_total", value(opened)),
  ];
}

const page = async (sum: MetricsSum, own: MetricFamily[] = []) =>
  Object.fromEntries(parseExposition(expositionText(sum.families(own), "prometheus")));

test("what is hawser's own is summed, what is a process' says whose it is", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 2));
  sum.report(2, numbers(7, 3));
  expect(await page(sum, numbers(0, 0))).toEqual({
    'hawser_opened_total{protocol="h1",route="chat"}': 12,
    'hawser_open{route="chat"}': 5,
    'hawser_duration_seconds_bucket{le="+Inf",route="chat"}': 7,
    'hawser_duration_seconds_count{route="chat"}': 7,
    'hawser_build_info{version="1"}': 1,
    'process_cpu_seconds_total{worker="1"}': 5,
    'process_cpu_seconds_total{worker="2"}': 7,
    'process_cpu_seconds_total{worker="primary"}': 0,
  });
});

test("a report takes the place of the one before", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 2));
  sum.report(1, numbers(6, 2));
  expect((await page(sum))['hawser_opened_total{protocol="h1",route="chat"}']).toBe(6);
});

test("counters never fall: what a worker had counted stays when it ends, its gauges do not", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 2));
  sum.report(2, numbers(7, 3));
  sum.ended(1);
  sum.report(1, numbers(1, 1));
  sum.ended(1);
  expect(await page(sum)).toEqual({
    'hawser_opened_total{protocol="h1",route="chat"}': 13,
    'hawser_open{route="chat"}': 3,
    'hawser_duration_seconds_bucket{le="+Inf",route="chat"}': 7,
    'hawser_duration_seconds_count{route="chat"}': 7,
    'hawser_build_info{version="1"}': 1,
    'process_cpu_seconds_total{worker="2"}': 7,
  });
});

test("counters do not fall when all workers end, and their successors too before they are asked", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 2));
  sum.report(2, numbers(7, 3));
  for (const worker of [1, 2, 1]) sum.ended(worker);
  expect((await page(sum))['hawser_opened_total{protocol="h1",route="chat"}']).toBe(12);
});

test("a worker that ends without a report changes nothing", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 2));
  const before = await page(sum);
  sum.ended(2);
  expect(await page(sum)).toEqual(before);
});

test("of routes that no worker knows any more nothing is kept when the next one ends", async () => {
  const sum = new MetricsSum();
  sum.report(1, numbers(5, 0, "old"));
  sum.ended(1);
  sum.report(1, numbers(1, 0, "new"));
  expect(Object.keys(await page(sum))).toContain('hawser_opened_total{protocol="h1",route="old"}');
  sum.ended(1);
  expect(Object.keys(await page(sum)).filter((series) => series.includes("old"))).toEqual([]);
});

test("histograms that are made of plain sums are summed like prom-client's, bucket by bucket", async () => {
  const facts = { name: "hawser_message_bytes", help: "x", edges: [64, 256] };
  const numbersOf = (...bytes: number[]): MetricFamily[] => {
    const distribution = new Observations(facts.edges);
    for (const one of bytes) distribution.observe(one);
    return [
      histogramFamily(facts, [{ labels: { route: "chat", direction: "to_client" }, distribution }]),
      family("gauge", "hawser_buffered_bytes", value(bytes.length, { direction: "to_client" })),
    ];
  };
  const sum = new MetricsSum();
  sum.report(1, numbersOf(1, 100));
  sum.report(2, numbersOf(100, 1_000));
  expect(await page(sum)).toEqual({
    'hawser_message_bytes_bucket{direction="to_client",le="64",route="chat"}': 1,
    'hawser_message_bytes_bucket{direction="to_client",le="256",route="chat"}': 3,
    'hawser_message_bytes_bucket{direction="to_client",le="+Inf",route="chat"}': 4,
    'hawser_message_bytes_sum{direction="to_client",route="chat"}': 1_201,
    'hawser_message_bytes_count{direction="to_client",route="chat"}': 4,
    'hawser_buffered_bytes{direction="to_client"}': 4,
  });
});

test("what is counted of upstreams leaves with the config too", async () => {
  const dials = (upstream: string): MetricFamily[] => [
    family("counter", "hawser_upstream_dials_total", value(3, { upstream, result: "accepted" })),
  ];
  const sum = new MetricsSum();
  sum.report(1, dials("old"));
  sum.ended(1);
  sum.report(1, dials("new"));
  sum.ended(1);
  expect(Object.keys(await page(sum))).toEqual(['hawser_upstream_dials_total{result="accepted",upstream="new"}']);
});

test("of the exemplars that workers have the newest is told, in OpenMetrics", () => {
  const sum = new MetricsSum();
  const ofWorker = (at: number, traceId: string): MetricFamily[] => [
    family("histogram", "hawser_s", {
      ...value(1, { le: "+Inf" }, "hawser_s_bucket"),
      exemplar: { traceId, value: 0.5, at },
    }),
  ];
  sum.report(1, ofWorker(1_000, "a"));
  sum.report(2, ofWorker(2_500, "b"));
  // As prom-client has it.
  sum.report(3, [family("histogram", "hawser_s", { ...value(1, { le: "+Inf" }, "hawser_s_bucket"), exemplar: null })]);
  sum.report(4, numbers(1, 1));
  const families = sum.families([]).filter(({ name }) => name === "hawser_s");
  expect(expositionText(families, "openmetrics")).toContain('hawser_s_bucket{le="+Inf"} 3 # {trace_id="b"} 0.5 2.5\n');
  expect(expositionText(families, "prometheus")).toContain('hawser_s_bucket{le="+Inf"} 3\n');
});
