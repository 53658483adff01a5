import { beforeEach, describe, expect, test } from "vitest";
import { Metrics, OpeningResults } from "../../../src/gateway/telemetry/metrics.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";
import type { ConnectionFacts } from "../../../src/transport/opening.ts";
import { expositionFaults, parseExposition, seriesOf, sumOf, type Exposition } from "../../support/exposition.ts";

function connection(httpVersion: "1.1" | "2", listener = "main"): ConnectionFacts {
  const peer = { remoteAddress: "192.0.2.7", remotePort: 50_000, localPort: 8443 };
  return { id: 1, listener, httpVersion, secure: true, serverName: "secret.example", ...peer };
}

let streams: StreamRegistry;
let metrics: Metrics;
const scrape = async (): Promise<Exposition> => parseExposition(await metrics.text());

beforeEach(() => {
  streams = new StreamRegistry({ routes: [{ route: "chat", upstream: "backend" }] });
  metrics = new Metrics(streams, { version: "1.2.3" });
});

describe("openings", () => {
  test("begin with a zero for each route of the config, protocol and result", async () => {
    const exposition = await scrape();
    const openings = [...exposition].filter(([series]) => series.startsWith("hawser_openings_total{"));
    expect(openings).toHaveLength(2 * 2 * OpeningResults.length);
    expect(openings.every(([, value]) => value === 0)).toBe(true);
    expect(
      exposition.has(seriesOf("hawser_openings_total", { route: "chat", protocol: "h2", result: "draining" })),
    ).toBe(true);
  });

  test.each(OpeningResults)("count %s, and how long it took", async (result) => {
    metrics.opening("chat", "h2", result, 0.03);
    const exposition = await scrape();
    expect(exposition.get(seriesOf("hawser_openings_total", { route: "chat", protocol: "h2", result }))).toBe(1);
    expect(sumOf(exposition, "hawser_openings_total")).toBe(1);
    const bucket = (le: string) =>
      exposition.get(seriesOf("hawser_opening_duration_seconds_bucket", { route: "chat", protocol: "h2", le }));
    expect([bucket("0.025"), bucket("0.05"), bucket("+Inf")]).toEqual([0, 1, 1]);
    expect(sumOf(exposition, "hawser_opening_duration_seconds_sum")).toBe(0.03);
  });

  test("without a route belong to none", async () => {
    metrics.opening("", "h1", "no_route", 0.001);
    expect(sumOf(await scrape(), "hawser_openings_total", { route: "none", protocol: "h1", result: "no_route" })).toBe(
      1,
    );
  });

  test.each([
    { refusal: "malformed", result: "malformed" },
    { refusal: "version", result: "version" },
    { refusal: "not-websocket", result: "not_websocket" },
    { refusal: "deadline", result: "deadline" },
    { refusal: "draining", result: "draining" },
  ] as const)(
    "that the transport refused as $refusal count as $result, without a duration",
    async ({ refusal, result }) => {
      metrics.refused(refusal, connection("2"));
      const exposition = await scrape();
      expect(sumOf(exposition, "hawser_openings_total", { route: "none", protocol: "h2", result })).toBe(1);
      expect(sumOf(exposition, "hawser_opening_duration_seconds_count")).toBe(0);
    },
  );
});

test("connections count per listener and protocol, open and in all", async () => {
  for (const version of ["1.1", "2", "2"] as const) metrics.connectionOpened(connection(version));
  metrics.connectionOpened(connection("2", "inside"));
  metrics.connectionClosed(connection("2"));
  metrics.connectionFailed("main", "client-left");
  const exposition = await scrape();
  const of = (name: string, labels: Record<string, string>) => exposition.get(seriesOf(name, labels));
  expect(of("hawser_client_connections_open", { listener: "main", protocol: "h2" })).toBe(1);
  expect(of("hawser_client_connections_open", { listener: "main", protocol: "h1" })).toBe(1);
  expect(of("hawser_client_connections_open", { listener: "inside", protocol: "h2" })).toBe(1);
  expect(of("hawser_client_connections_total", { listener: "main", protocol: "h2" })).toBe(2);
  expect(of("hawser_client_connections_failed_total", { listener: "main", reason: "client_left" })).toBe(1);
});

test.each([
  { status: 101, label: "1xx" },
  { status: 200, label: "2xx" },
  { status: 304, label: "3xx" },
  { status: 404, label: "4xx" },
  { status: 599, label: "5xx" },
  { status: 999, label: "other" },
  { status: 0, label: "other" },
])("a request answered with $status counts as $label", async ({ status, label }) => {
  metrics.request("page", "h2", status);
  metrics.request("", "h1", status);
  const exposition = await scrape();
  expect(sumOf(exposition, "hawser_http_requests_total", { route: "page", protocol: "h2", status: label })).toBe(1);
  expect(sumOf(exposition, "hawser_http_requests_total", { route: "none", protocol: "h1", status: label })).toBe(1);
});

describe("the exposition", () => {
  /** One of everything. */
  function fill(): void {
    const record = streams.open({ route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 });
    record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    metrics.opening("chat", "h2", "accepted", 0.001);
    metrics.request("chat", "h2", 200);
    metrics.connectionOpened(connection("2"));
    metrics.connectionFailed("main", "tls");
  }

  test("keeps Prometheus' rules for names, types and help", async () => {
    fill();
    expect(expositionFaults(await metrics.text())).toEqual([]);
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test("has the families that dashboards and alerts are built on", async () => {
    fill();
    const families = [...(await metrics.text()).matchAll(/^# TYPE (hawser_\S+ \w+)$/gm)].map(([, family]) => family);
    expect(families).toEqual([
      "hawser_openings_total counter",
      "hawser_opening_duration_seconds histogram",
      "hawser_client_connections_open gauge",
      "hawser_client_connections_total counter",
      "hawser_client_connections_failed_total counter",
      "hawser_http_requests_total counter",
      "hawser_streams_open gauge",
      "hawser_streams_opened_total counter",
      "hawser_stream_bytes_total counter",
      "hawser_stream_frames_total counter",
      "hawser_stream_closes_total counter",
      "hawser_stream_duration_seconds histogram",
      "hawser_build_info gauge",
    ]);
  });

  test("names nothing that the wire said", async () => {
    fill();
    expect(await metrics.text()).not.toMatch(/192\.0\.2\.7|50000|secret/);
  });

  test("tells the version and what node knows of the process", async () => {
    const exposition = await scrape();
    expect(exposition.get(seriesOf("hawser_build_info", { version: "1.2.3" }))).toBe(1);
    expect(exposition.get("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect([...exposition.keys()].filter((series) => series.startsWith("nodejs_active_"))).toEqual([]);
  });

  test("is its own: two gateways in a process do not meet", async () => {
    const other = new Metrics(new StreamRegistry(), { version: "1.2.3" });
    metrics.opening("chat", "h2", "accepted", 1);
    expect(sumOf(parseExposition(await other.text()), "hawser_openings_total")).toBe(0);
  });

  test("does not go back when two scrapes overlap", async () => {
    const record = streams.open({ route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 });
    record.toClient.bytes = 10;
    const first = metrics.text();
    record.toClient.bytes = 20;
    record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    const second = metrics.text();
    const bytes = async (text: Promise<string>) => sumOf(parseExposition(await text), "hawser_stream_bytes_total");
    expect([await bytes(first), await bytes(second)]).toEqual([10, 20]);
  });
});
