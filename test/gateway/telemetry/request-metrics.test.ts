import { Registry } from "prom-client";
import { beforeEach, describe, expect, test } from "vitest";
import { RequestMetrics, RequestResults } from "../../../src/gateway/telemetry/request-metrics.ts";
import { parseExposition, seriesOf, sumOf } from "../../support/exposition.ts";
import { requestOutcome } from "../../support/request-outcome.ts";

let registry: Registry;
let metrics: RequestMetrics;
const scrape = async () => parseExposition(await registry.metrics());

beforeEach(() => {
  registry = new Registry();
  metrics = new RequestMetrics(registry);
});

describe("a request", () => {
  test.each([
    { status: 101, label: "1xx" },
    { status: 200, label: "2xx" },
    { status: 304, label: "3xx" },
    { status: 404, label: "4xx" },
    { status: 599, label: "5xx" },
    { status: 999, label: "other" },
    { status: 0, label: "other" },
  ])("answered with $status counts as $label", async ({ status, label }) => {
    metrics.over("page", requestOutcome({ status }));
    expect(sumOf(await scrape(), "hawser_http_requests_total", { route: "page", status: label })).toBe(1);
  });

  test.each(RequestResults)("counts as %s", async (result) => {
    metrics.over("page", requestOutcome({ result, protocol: "h1" }));
    const exposition = await scrape();
    expect(sumOf(exposition, "hawser_http_requests_total", { protocol: "h1", result })).toBe(1);
    expect(sumOf(exposition, "hawser_http_requests_total")).toBe(1);
  });

  test("is in the bucket of its duration, and its content is counted each way", async () => {
    for (const seconds of [0.03, 7200]) metrics.over("page", requestOutcome({ seconds, bytesIn: 5, bytesOut: 70 }));
    const exposition = await scrape();
    const labels = { route: "page", protocol: "h2", status: "2xx" };
    const upTo = (le: string) =>
      exposition.get(seriesOf("hawser_http_request_duration_seconds_bucket", { ...labels, le }));
    expect(["0.025", "0.05", "3600", "+Inf"].map(upTo)).toEqual([0, 1, 1, 2]);
    const bytes = (direction: string) =>
      sumOf(exposition, "hawser_http_content_bytes_total", { route: "page", direction });
    expect([bytes("in"), bytes("out")]).toEqual([10, 140]);
  });
});

test("a route begins with zeros, and leaves nothing when it is forgotten", async () => {
  metrics.begin("page");
  const begun = await scrape();
  expect([...begun.values()].every((value) => value === 0)).toBe(true);
  expect(begun.size).toBe(2 + 4);
  for (const protocol of ["h1", "h2"] as const) metrics.over("page", requestOutcome({ protocol, status: 502 }));
  metrics.over("other", requestOutcome());
  metrics.forget("page");
  expect([...(await scrape()).keys()].filter((series) => series.includes("page"))).toEqual([]);
  expect(sumOf(await scrape(), "hawser_http_requests_total")).toBe(1);
});
