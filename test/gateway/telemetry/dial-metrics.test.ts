import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { DialMetrics } from "../../../src/gateway/telemetry/dial-metrics.ts";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";
import { parseExposition, seriesOf, sumOf, type Exposition } from "../../support/exposition.ts";

function metricsUnderTest() {
  const registry = new Registry();
  const metrics = new DialMetrics(registry);
  const scrape = async (): Promise<Exposition> =>
    parseExposition(expositionText([...(await registry.getMetricsAsJSON()), ...metrics.families()], "prometheus"));
  return { metrics, scrape };
}

const Nobody = { h1: 0, h2: 0 };

test("an upstream begins with zeros for each result, and one that is forgotten leaves nothing", async () => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.know([{ name: "backend", connections: Nobody }]);
  const begun = await scrape();
  const results = [...begun.keys()].filter((key) => key.startsWith("hawser_upstream_dials_total{"));
  expect(results).toHaveLength(8);
  expect([...begun.values()].every((value) => value === 0)).toBe(true);
  metrics.know([]);
  metrics.forget("backend");
  expect([...(await scrape()).keys()].filter((key) => key.includes("backend"))).toEqual([]);
});

test("dials count by their results, and by how long they took", async () => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.dialOver({ upstream: "backend", result: "accepted", seconds: 0.002 });
  metrics.dialOver({ upstream: "backend", result: "timeout", seconds: 5 });
  const exposition = await scrape();
  const dials = (result: string) =>
    exposition.get(seriesOf("hawser_upstream_dials_total", { upstream: "backend", result }));
  expect(["accepted", "timeout", "busy"].map(dials)).toEqual([1, 1, 0]);
  const upTo = (le: string) => sumOf(exposition, "hawser_upstream_dial_seconds_bucket", { upstream: "backend", le });
  expect(["0.001", "0.005", "2.5", "5", "+Inf"].map(upTo)).toEqual([0, 1, 1, 2, 2]);
});

test("the parts of openings have series of their own from the beginning", async () => {
  const { metrics, scrape } = metricsUnderTest();
  metrics.phaseOver("tls", "h2", 0.003);
  metrics.phaseOver("answer", "h1", 0.2);
  const exposition = await scrape();
  const count = (phase: string, protocol: string) =>
    exposition.get(seriesOf("hawser_opening_phase_seconds_count", { phase, protocol }));
  const counts = ["tls", "admission", "dial", "answer"].map((phase) => [count(phase, "h1"), count(phase, "h2")]);
  expect(counts).toEqual([
    [0, 1],
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
});

test("connections are those of now; an upstream that has left the config is told of until it has none", async () => {
  const { metrics, scrape } = metricsUnderTest();
  const [old, young] = [
    { h1: 2, h2: 1 },
    { h1: 0, h2: 4 },
  ];
  const open = async (upstream: string, protocol: string) =>
    (await scrape()).get(seriesOf("hawser_upstream_connections_open", { upstream, protocol }));
  metrics.know([{ name: "backend", connections: old }]);
  expect(await open("backend", "h1")).toBe(2);
  // A reload has changed it: both have the name.
  metrics.know([{ name: "backend", connections: young }]);
  expect([await open("backend", "h1"), await open("backend", "h2")]).toEqual([2, 5]);
  old.h1 = 0;
  old.h2 = 0;
  metrics.know([{ name: "other", connections: Nobody }]);
  expect(await open("backend", "h2")).toBe(4);
  young.h2 = 0;
  metrics.know([{ name: "other", connections: Nobody }]);
  expect([await open("backend", "h2"), await open("other", "h2")]).toEqual([undefined, 0]);
});
