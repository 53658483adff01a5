import { Registry } from "prom-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigMetrics } from "../../../src/gateway/telemetry/config-metrics.ts";
import { parseExposition } from "../../support/exposition.ts";

let registry: Registry;
let metrics: ConfigMetrics;
const scrape = async () => Object.fromEntries(parseExposition(await registry.metrics()));

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  registry = new Registry();
  metrics = new ConfigMetrics(registry);
});
afterEach(() => void vi.useRealTimers());

test("a config in force has a number and a time, which a refused reload does not change", async () => {
  metrics.generation(1);
  vi.setSystemTime(2_500_000);
  metrics.reload("unchanged");
  metrics.reload("refused");
  expect(await scrape()).toMatchObject({
    hawser_config_generation: 1,
    hawser_config_last_reload_timestamp_seconds: 1000,
    'hawser_config_reloads_total{result="applied"}': 0,
    'hawser_config_reloads_total{result="unchanged"}': 1,
    'hawser_config_reloads_total{result="refused"}': 1,
  });
  metrics.generation(2);
  metrics.reload("applied");
  expect(await scrape()).toMatchObject({
    hawser_config_generation: 2,
    hawser_config_last_reload_timestamp_seconds: 2500,
    'hawser_config_reloads_total{result="applied"}': 1,
  });
});

test("limits are those of the config in force", async () => {
  metrics.limits({ maxStreams: 20, maxConnections: 10 });
  metrics.limits({ maxStreams: 30, maxConnections: 15 });
  expect(await scrape()).toMatchObject({ hawser_streams_max: 30, hawser_client_connections_max: 15 });
});

test("certificates are those of the config in force alone", async () => {
  const expiry = async () =>
    Object.entries(await scrape()).filter(([series]) =>
      series.startsWith("hawser_certificate_expiry_timestamp_seconds"),
    );
  const expiring = (certificate: string, seconds: number) => ({
    listener: "main",
    certificate,
    expiresAt: new Date(seconds * 1000),
  });
  metrics.certificates([expiring("a.example", 100), expiring("b.example", 200)]);
  metrics.certificates([expiring("a.example", 300)]);
  expect(await expiry()).toEqual([
    ['hawser_certificate_expiry_timestamp_seconds{certificate="a.example",listener="main"}', 300],
  ]);
  metrics.certificates([expiring("a.example", 100), expiring("a.example", 300)]);
  expect(await expiry()).toEqual([
    ['hawser_certificate_expiry_timestamp_seconds{certificate="a.example",listener="main"}', 100],
  ]);
  metrics.certificates([]);
  expect(await expiry()).toEqual([]);
});
