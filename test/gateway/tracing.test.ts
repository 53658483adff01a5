import { describe, expect, onTestFinished, test } from "vitest";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { HttpVersions, type HttpVersion } from "../support/loopback-clients.ts";
import { startOtlpCollector } from "../support/otlp-collector.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const Theirs = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const traceparent = `00-${Theirs.traceId}-${Theirs.spanId}-01`;

async function startTraced(tracing: Readonly<Record<string, unknown>>, config: Readonly<Record<string, unknown>> = {}) {
  const backend = await startWsBackend();
  onTestFinished(() => backend.stop());
  const base = {
    routes: [
      { name: "relay", path: "/relay", upstream: "backend", limits: { maxMessageBytes: 10 } },
      { name: "echo", path: "/echo", handler: "echo" },
      { name: "nobody", path: "/nobody", upstream: "nobody" },
    ],
    upstreams: { backend: { addresses: [backend.url] }, nobody: { addresses: ["ws://127.0.0.1:1"] } },
    ...config,
  };
  const gateway = await startGatewayUnderTest({ ...base, tracing });
  return { gateway, backend, base };
}

async function open(
  { gateway }: Awaited<ReturnType<typeof startTraced>>,
  httpVersion: HttpVersion,
  path: string,
  fields: readonly (readonly [string, string])[] = [],
) {
  const client = await gateway.connect(httpVersion);
  client.ask({ path, fields });
  await client.response();
  return client;
}

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, opened }) => {
  test("an opening and its WebSocket are spans of one trace, which the upstream is told", async () => {
    const collector = await startOtlpCollector();
    const traced = await startTraced({ endpoint: collector.endpoint, sampleRatio: 1, serviceName: "edge" });
    const seen = traced.backend.next();
    // What clients say of traces is not believed: they could have all of theirs sampled.
    const client = await open(traced, httpVersion, "/relay", [
      ["traceparent", traceparent],
      ["tracestate", "theirs=1"],
    ]);
    const { fields } = await seen;
    client.send(Buffer.from([0x81, 0x8b, 0, 0, 0, 0, ...Buffer.from("far too lon")]));
    await traced.gateway.settles("hawser_streams_open", {}, 0);
    const accept = "application/openmetrics-text";
    const metrics = await (await fetch(`${traced.gateway.admin}/metrics`, { headers: { accept } })).text();
    await traced.gateway.gateway.stop();

    const [opening, stream] = ["WebSocket opening relay", "WebSocket relay"].map((name) =>
      collector.spans.find((span) => span.name === name),
    );
    expect(opening?.traceId).not.toBe(Theirs.traceId);
    expect(opening).not.toHaveProperty("parentSpanId");
    // What took an opening long can be looked at.
    expect(metrics).toMatch(
      new RegExp(`^hawser_opening_duration_seconds_bucket.* # {trace_id="${opening?.traceId}"}`, "m"),
    );
    expect(fields["traceparent"]).toBe(`00-${opening?.traceId}-${opening?.spanId}-01`);
    expect(fields).not.toHaveProperty("tracestate");
    expect(opening?.attributes).toMatchObject({
      "hawser.route": "relay",
      "hawser.result": "accepted",
      "network.protocol.version": httpVersion,
      "http.response.status_code": opened,
    });
    expect(stream).toMatchObject({
      traceId: opening?.traceId,
      parentSpanId: opening?.spanId,
      // These clients leave the connection to us.
      events: ["limit hit message_bytes", "limit hit close_deadline"],
      attributes: { "hawser.close.code": 1009, "hawser.close.cause": "limit", "hawser.upstream": "backend" },
    });
    expect([...collector.services]).toEqual(["edge"]);
  });

  test("a trace that a trusted proxy began goes on, or is left alone, as it says", async () => {
    const collector = await startOtlpCollector();
    const trustedProxies = ["127.0.0.1"];
    const traced = await startTraced({ endpoint: collector.endpoint, sampleRatio: 0 }, { trustedProxies });
    const told: unknown[] = [];
    for (const flags of ["01", "00"]) {
      const seen = traced.backend.next();
      await open(traced, httpVersion, "/relay", [
        ["traceparent", traceparent.replace(/01$/, flags)],
        ["tracestate", "theirs=1"],
      ]);
      const { fields } = await seen;
      told.push([fields["traceparent"], fields["tracestate"]]);
    }
    await traced.gateway.gateway.drain();
    await traced.gateway.gateway.stop();
    const opening = collector.spans.find((span) => span.name === "WebSocket opening relay");
    expect(opening).toMatchObject({ traceId: Theirs.traceId, parentSpanId: Theirs.spanId });
    expect(told).toEqual([
      [`00-${Theirs.traceId}-${opening?.spanId}-01`, "theirs=1"],
      [traceparent.replace(/01$/, "00"), "theirs=1"],
    ]);
    expect(collector.spans.map((span) => span.name)).toEqual(["WebSocket opening relay", "WebSocket relay"]);
    expect(collector.spans[1]).toMatchObject({
      events: ["drain 1012 drain", "limit hit close_deadline"],
      attributes: { "hawser.close.cause": "drain" },
    });
  });

  test("an opening that fails is a failed span, and one that a rule refuses is not", async () => {
    const collector = await startOtlpCollector();
    const traced = await startTraced({ endpoint: collector.endpoint, sampleRatio: 1 });
    await open(traced, httpVersion, "/nobody");
    await open(traced, httpVersion, "/nowhere");
    await traced.gateway.gateway.stop();
    expect(collector.spans).toMatchObject([
      { name: "WebSocket opening nobody", isFailed: true, attributes: { "hawser.result": "upstream_unreachable" } },
      { name: "WebSocket opening", isFailed: false, attributes: { "hawser.result": "no_route" } },
    ]);
  });

  test("a reload turns it off, and streams that are open end as they began", async () => {
    const collector = await startOtlpCollector();
    const traced = await startTraced({ endpoint: collector.endpoint, sampleRatio: 1 });
    await open(traced, httpVersion, "/echo");
    await traced.gateway.reload(traced.base);
    await open(traced, httpVersion, "/echo");
    await traced.gateway.gateway.drain();
    await traced.gateway.gateway.stop();
    expect(collector.spans.map((span) => span.name)).toEqual(["WebSocket opening echo", "WebSocket echo"]);
  });
});

test("a collector that takes nothing costs a line of the log, and no opening", async () => {
  const collector = await startOtlpCollector(403);
  const traced = await startTraced({ endpoint: collector.endpoint, sampleRatio: 1 });
  await open(traced, "1.1", "/echo");
  await traced.gateway.gateway.drain();
  await traced.gateway.gateway.stop();
  expect(traced.gateway.log.filter((line) => line.includes("tracing:"))).toHaveLength(1);
});
