import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { AccessMetrics } from "../../../src/gateway/telemetry/access-metrics.ts";
import { parseExposition, seriesOf, sumOf } from "../../support/exposition.ts";

test.each([
  { result: "client_denied", rule: "client" },
  { result: "host", rule: "host" },
  { result: "misdirected", rule: "misdirected" },
  { result: "origin", rule: "origin" },
])("what ends with $result was refused by the rule $rule", async ({ result, rule }) => {
  const registry = new Registry();
  const metrics = new AccessMetrics(registry);
  metrics.begin("chat");
  for (const other of ["accepted", "limited", "no_route"]) metrics.over("chat", "h1", other);
  metrics.over("chat", "h2", result);
  const exposition = parseExposition(await registry.metrics());
  expect(exposition.get(seriesOf("hawser_access_refused_total", { route: "chat", rule, protocol: "h2" }))).toBe(1);
  expect(sumOf(exposition, "hawser_access_refused_total")).toBe(1);
  expect(exposition.size).toBe(8);
  metrics.forget("chat");
  expect(parseExposition(await registry.metrics()).size).toBe(0);
});
