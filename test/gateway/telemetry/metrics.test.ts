import { beforeEach, describe, expect, test } from "vitest";
import { LimitKinds } from "../../../src/gateway/telemetry/limit-kind.ts";
import { Metrics } from "../../../src/gateway/telemetry/metrics.ts";
import { OpeningResults } from "../../../src/gateway/telemetry/opening-result.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";
import { ConnectionAbuses } from "../../../src/transport/connection-abuse.ts";
import type { ConnectionFacts } from "../../../src/transport/opening.ts";
import { connectionFacts } from "../../support/connection-facts.ts";
import { requestOutcome } from "../../support/request-outcome.ts";
import { expositionFaults, parseExposition, seriesOf, sumOf, type Exposition } from "../../support/exposition.ts";

function connection(httpVersion: "1.1" | "2", listener = "main"): ConnectionFacts {
  const tls = { serverName: "secret.example", clientCertificate: undefined, reaches: () => true };
  return connectionFacts({ listener, httpVersion, secure: true, tls, remoteAddress: "192.0.2.7" });
}

let streams: StreamRegistry;
let metrics: Metrics;
/** What the metrics ask for at each scrape. */
let asked: { handshakesWaiting: number; logLinesDropped: number };

function metricsOf(streams: StreamRegistry): Metrics {
  return new Metrics(streams, {
    version: "1.2.3",
    handshakesWaiting: () => asked.handshakesWaiting,
    logLinesDropped: () => asked.logLinesDropped,
  });
}

const text = async (of: Metrics = metrics): Promise<string> => (await of.scrape()).body;
const scrape = async (): Promise<Exposition> => parseExposition(await text());

beforeEach(() => {
  asked = { handshakesWaiting: 0, logLinesDropped: 0 };
  streams = new StreamRegistry();
  metrics = metricsOf(streams);
  streams.know([{ route: "chat", upstream: "backend" }]);
  metrics.know({ routes: ["chat", "page"], listeners: ["main"] });
});

describe("openings", () => {
  test("begin with a zero for each route of the config, protocol and result", async () => {
    const exposition = await scrape();
    const openings = [...exposition].filter(([series]) => series.startsWith("hawser_openings_total{"));
    expect(openings).toHaveLength(3 * 2 * OpeningResults.length);
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
    { refusal: "header-size", result: "header_size" },
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

test("connections that were ended for abuse count by listener and reason, zeros first", async () => {
  metrics.abused("rapid-reset", connection("2"));
  metrics.abused("rapid-reset", connection("2"));
  const exposition = await scrape();
  const series = [...exposition].filter(([name]) => name.startsWith("hawser_client_connections_abusive_total{"));
  expect(series).toHaveLength(ConnectionAbuses.length);
  const labels = { listener: "main", reason: "rapid_reset" };
  expect(series.filter(([, value]) => value > 0)).toEqual([
    [seriesOf("hawser_client_connections_abusive_total", labels), 2],
  ]);
});

describe("limits", () => {
  const hits = async (labels: Record<string, string>) => sumOf(await scrape(), "hawser_limits_hit_total", labels);

  test("begin with a zero for each, over both protocols and where none is spoken yet", async () => {
    const series = [...(await scrape()).keys()].filter((name) => name.startsWith("hawser_limits_hit_total{"));
    expect(series).toHaveLength(3 * LimitKinds.length);
    expect(await hits({})).toBe(0);
  });

  test.each(LimitKinds)("count who ran into %s", async (limit) => {
    metrics.limitHit(limit, "h1");
    metrics.limitHit(limit, undefined);
    expect(await hits({ limit, protocol: "h1" })).toBe(1);
    expect(await hits({ limit, protocol: "none" })).toBe(1);
    expect(await hits({})).toBe(2);
  });

  test.each([
    { reason: "limit", limit: "connections" },
    { reason: "address-limit", limit: "connections_per_address" },
    { reason: "accept", limit: "descriptors" },
  ] as const)("count a connection that failed for $reason as $limit", async ({ reason, limit }) => {
    metrics.connectionFailed("main", reason);
    metrics.connectionFailed("main", "tls");
    expect(await hits({ limit, protocol: "none" })).toBe(1);
    expect(await hits({})).toBe(1);
  });

  test("count fields that are too large", async () => {
    metrics.refused("header-size", connection("1.1"));
    metrics.refused("malformed", connection("1.1"));
    expect(await hits({ limit: "header_size", protocol: "h1" })).toBe(1);
    expect(await hits({})).toBe(1);
  });
});

test("what waits for a handshake, and what the log dropped, is asked for at each scrape", async () => {
  const seen = async () => {
    const exposition = await scrape();
    return ["hawser_handshakes_waiting", "hawser_log_lines_dropped_total"].map((name) => exposition.get(name));
  };
  expect(await seen()).toEqual([0, 0]);
  asked = { handshakesWaiting: 7, logLinesDropped: 3 };
  expect(await seen()).toEqual([7, 3]);
  asked = { handshakesWaiting: 2, logLinesDropped: 3 };
  expect(await seen()).toEqual([2, 3]);
});

describe("a reload", () => {
  const known = (routes: string[], listeners: string[] = ["main"]) => metrics.know({ routes, listeners });
  const seriesWith = async (label: string) => [...(await scrape()).keys()].filter((name) => name.includes(label));

  test("begins new routes and listeners with zeros", async () => {
    known(["chat", "feed"], ["main", "second"]);
    const exposition = await scrape();
    const labels = { protocol: "h1", route: "feed" };
    expect(exposition.get(seriesOf("hawser_openings_total", { ...labels, result: "origin" }))).toBe(0);
    const request = { ...labels, status: "2xx", result: "answered" };
    expect(exposition.get(seriesOf("hawser_http_requests_total", request))).toBe(0);
    const failed = { listener: "second", reason: "client_certificate" };
    expect(exposition.get(seriesOf("hawser_client_connections_failed_total", failed))).toBe(0);
  });

  test("keeps the numbers of the last hundred routes that left, and of no more", async () => {
    metrics.opening("page", "h1", "no_route", 1);
    metrics.request(requestOutcome({ route: "page" }));
    for (let i = 0; i < 100; i++) known([`r${i}`], [`l${i}`]);
    expect(sumOf(await scrape(), "hawser_openings_total", { route: "page" })).toBe(1);
    expect(sumOf(await scrape(), "hawser_http_requests_total", { route: "page" })).toBe(1);
    const size = (await scrape()).size;
    for (let i = 100; i < 150; i++) known([`r${i}`], [`l${i}`]);
    expect(await seriesWith('route="page"')).toEqual([]);
    expect(await seriesWith('listener="main"')).toEqual([]);
    expect((await scrape()).size).toBeLessThanOrEqual(size);
  });
});

describe("the exposition", () => {
  /** One of everything. */
  function fill(): void {
    const record = streams.open({ route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 });
    record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    metrics.opening("chat", "h2", "accepted", 0.001);
    metrics.request(requestOutcome({ route: "chat" }));
    metrics.limitHit("streams", "h2");
    metrics.configGeneration(1);
    metrics.reload("refused");
    metrics.certificatesExpire([{ listener: "main", certificate: "0", expiresAt: new Date(0) }]);
    metrics.connectionOpened(connection("2"));
    metrics.connectionFailed("main", "tls");
  }

  test("keeps Prometheus' rules for names, types and help", async () => {
    fill();
    expect(expositionFaults(await text())).toEqual([]);
    expect((await metrics.scrape()).type).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test("has the families that dashboards and alerts are built on", async () => {
    fill();
    const families = [...(await text()).matchAll(/^# TYPE (hawser_\S+ \w+)$/gm)].map(([, family]) => family);
    expect(families).toEqual([
      "hawser_openings_total counter",
      "hawser_http_requests_total counter",
      "hawser_http_request_duration_seconds histogram",
      "hawser_http_content_bytes_total counter",
      "hawser_access_refused_total counter",
      "hawser_upstream_dials_total counter",
      "hawser_upstream_connections_open gauge",
      "hawser_h2_resets_total counter",
      "hawser_h2_goaways_total counter",
      "hawser_h2_flow_control_stalls_total counter",
      "hawser_config_generation gauge",
      "hawser_config_reloads_total counter",
      "hawser_config_last_reload_timestamp_seconds gauge",
      "hawser_certificate_expiry_timestamp_seconds gauge",
      "hawser_streams_max gauge",
      "hawser_client_connections_max gauge",
      "hawser_limits_hit_total counter",
      "hawser_streams_open gauge",
      "hawser_streams_opened_total counter",
      "hawser_stream_bytes_total counter",
      "hawser_stream_frames_total counter",
      "hawser_stream_messages_total counter",
      "hawser_backpressure_seconds_total counter",
      "hawser_stream_closes_total counter",
      "hawser_client_connections_open gauge",
      "hawser_client_connections_total counter",
      "hawser_client_connections_failed_total counter",
      "hawser_client_connections_abusive_total counter",
      "hawser_handshakes_waiting gauge",
      "hawser_log_lines_dropped_total counter",
      "hawser_buffered_bytes gauge",
      "hawser_build_info gauge",
      "hawser_stream_duration_seconds histogram",
      "hawser_message_bytes histogram",
      "hawser_ping_rtt_seconds histogram",
      "hawser_opening_duration_seconds histogram",
      "hawser_upstream_dial_seconds histogram",
      "hawser_opening_phase_seconds histogram",
      "hawser_h2_streams_per_connection histogram",
    ]);
  });

  test("names nothing that the wire said", async () => {
    fill();
    expect(await text()).not.toMatch(/192\.0\.2\.7|50000|secret/);
  });

  test("tells the version and what node knows of the process", async () => {
    const exposition = await scrape();
    expect(exposition.get(seriesOf("hawser_build_info", { version: "1.2.3" }))).toBe(1);
    expect(exposition.get("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect([...exposition.keys()].filter((series) => series.startsWith("nodejs_active_"))).toEqual([]);
  });

  test("is its own: two gateways in a process do not meet", async () => {
    const other = metricsOf(new StreamRegistry());
    metrics.opening("chat", "h2", "accepted", 1);
    expect(sumOf(parseExposition(await text(other)), "hawser_openings_total")).toBe(0);
  });

  test("does not go back when two scrapes overlap", async () => {
    const record = streams.open({ route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 });
    record.toClient.bytes = 10;
    const first = text();
    record.toClient.bytes = 20;
    record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    const second = text();
    const bytes = async (text: Promise<string>) => sumOf(parseExposition(await text), "hawser_stream_bytes_total");
    expect([await bytes(first), await bytes(second)]).toEqual([10, 20]);
  });
});
