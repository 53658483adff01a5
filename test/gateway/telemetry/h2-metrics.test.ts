import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";
import { H2Metrics } from "../../../src/gateway/telemetry/h2-metrics.ts";
import { parseExposition, seriesOf, sumOf, type Exposition } from "../../support/exposition.ts";

function metricsUnderTest() {
  const registry = new Registry();
  const metrics = new H2Metrics(registry);
  const scrape = async (): Promise<Exposition> =>
    parseExposition(expositionText([...(await registry.getMetricsAsJSON()), ...metrics.families()], "prometheus"));
  return { metrics, scrape };
}

test.each([
  { code: 0, label: "no_error" },
  { code: 8, label: "cancel" },
  { code: 11, label: "enhance_your_calm" },
  { code: 13, label: "http_1_1_required" },
  { code: 14, label: "other" },
  { code: 0xffff_ffff, label: "other" },
])("the error code $code of RFC 9113 is $label", async ({ code, label }) => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.begin("main");
  metrics.observerOf("main").reset("received", code);
  metrics.observerOf("main").goAway("sent", code);
  const exposition = await scrape();
  const of = (name: string, direction: string) =>
    exposition.get(seriesOf(name, { listener: "main", direction, code: label }));
  expect([of("hawser_h2_resets_total", "received"), of("hawser_h2_resets_total", "sent")]).toEqual([1, 0]);
  expect([of("hawser_h2_goaways_total", "received"), of("hawser_h2_goaways_total", "sent")]).toEqual([0, 1]);
  expect(sumOf(exposition, "hawser_h2_resets_total")).toBe(1);
});

test("a listener begins with zeros, and one that is forgotten leaves nothing", async () => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.begin("main");
  const begun = await scrape();
  expect([...begun.values()].every((value) => value === 0)).toBe(true);
  const series = (name: string) => [...begun.keys()].filter((key) => key.startsWith(`${name}{`)).length;
  expect(["hawser_h2_resets_total", "hawser_h2_goaways_total"].map(series)).toEqual([30, 30]);
  expect(series("hawser_h2_flow_control_stalls_total")).toBe(1);
  expect(series("hawser_h2_streams_per_connection_count")).toBe(1);
  metrics.forget("main");
  expect((await scrape()).size).toBe(0);
});

test("stalls, and the most streams that a connection had, count by listener", async () => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.observerOf("main").stalled();
  metrics.observerOf("main").stalled();
  for (const streams of [1, 3, 250, 2_000]) metrics.observerOf("main").over(streams);
  const exposition = await scrape();
  expect(exposition.get(seriesOf("hawser_h2_flow_control_stalls_total", { listener: "main" }))).toBe(2);
  const upTo = (le: string) =>
    exposition.get(seriesOf("hawser_h2_streams_per_connection_bucket", { listener: "main", le }));
  expect(["1", "2", "5", "250", "1000", "+Inf"].map(upTo)).toEqual([1, 1, 2, 3, 3, 4]);
  expect(sumOf(exposition, "hawser_h2_streams_per_connection_sum")).toBe(2_254);
});
