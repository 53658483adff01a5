import { describe, expect, test } from "vitest";
import { adminSources, startAdmin } from "../../support/admin-under-test.ts";
import { ListedStreams, overview, streamView } from "../../support/listed-streams.ts";

const Config = `
listeners: [{ address: "127.0.0.1:1" }]
routes: [{ name: chat, pathPrefix: /chat, upstream: chat }, { name: more, pathPrefix: /more, upstream: chat }]
upstreams:
  chat: { addresses: [http://chat.internal], command: [serve, --key=hidden-in-arguments] }
  spare: { addresses: [ws://spare.internal:81] }
admin: { auth: { token: hidden-admin-token }, topStreams: 2 }
tracing: { endpoint: "http://who:hidden-password@traces.internal/v1/traces?key=hidden-key" }
`;

async function adminOf(streams = new ListedStreams()) {
  const sources = await adminSources(streams, Config);
  const dials = [
    { labels: { upstream: "chat", result: "accepted" }, value: 7 },
    { labels: { upstream: "chat", result: "timeout" }, value: 2 },
    { labels: { upstream: "chat", result: "refused" }, value: 1 },
    { labels: { upstream: "chat", result: "aborted" }, value: 4 },
  ];
  const families = [{ name: "hawser_upstream_dials_total", help: "x", type: "counter", values: dials }];
  const metrics = { ...sources.metrics, families: () => Promise.resolve(families) };
  return await startAdmin({ sources: { ...sources, metrics } });
}

test("/overview is what the gateway sees of itself", async () => {
  const streams = new ListedStreams();
  streams.overviewNow = overview({ open: 3 });
  const { ask } = await adminOf(streams);
  expect(await (await ask("/overview")).json()).toEqual(overview({ open: 3 }));
});

test("/upstreams has each with what is open to it and what became of its dials", async () => {
  const streams = new ListedStreams();
  const route = { upstream: "chat", opened: 9, bytes: 1, messages: 1 };
  streams.overviewNow = overview({
    routes: [
      { ...route, route: "chat", open: 3 },
      { ...route, route: "more", open: 1 },
    ],
  });
  const { ask } = await adminOf(streams);
  expect(await (await ask("/upstreams")).json()).toEqual({
    upstreams: [
      {
        name: "chat",
        addresses: ["http://chat.internal"],
        open: 4,
        dials: 14,
        failures: 3,
        results: { accepted: 7, timeout: 2, refused: 1, aborted: 4 },
      },
      { name: "spare", addresses: ["ws://spare.internal:81"], open: 0, dials: 0, failures: 0, results: {} },
    ],
  });
});

test("/config is the one in force, and nothing in it is secret", async () => {
  const { ask } = await adminOf();
  const text = await (await ask("/config")).text();
  const { generation, loadedAt, summary, config } = JSON.parse(text);
  expect({ generation, loadedAt, summary }).toEqual({ generation: 1, loadedAt: 1, summary: null });
  expect(config).toMatchObject({
    admin: { host: "127.0.0.1", port: 9464, auth: "token", topStreams: 2 },
    upstreams: [{ name: "chat", command: ["serve"], addresses: [{ url: "http://chat.internal" }] }, { name: "spare" }],
    tracing: { endpoint: "http://traces.internal/v1/traces" },
    workers: 1,
  });
  expect(text).not.toContain("hidden");
});

describe("/metrics/streams", () => {
  test("has series of the busiest, as many as the config allows", async () => {
    const traffic = { bytes: 10, frames: 3, messages: 2, bytesPerSecond: 0, messagesPerSecond: 0 };
    const streams = new ListedStreams([
      streamView({ id: 5, toClient: traffic, pingMs: 250, buffered: { toUpstream: 0, toClient: 64 } }),
      streamView({ id: 6, protocol: "h1" }),
      streamView({ id: 7 }),
    ]);
    const { ask } = await adminOf(streams);
    const answer = await ask("/metrics/streams");
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const labels = 'id="5",route="chat",upstream="backend",protocol="h2"';
    expect(text).toContain(`hawser_top_stream_bytes_total{${labels},direction="to_client"} 10\n`);
    expect(text).toContain(`hawser_top_stream_messages_total{${labels},direction="to_client"} 2\n`);
    expect(text).toContain(`hawser_top_stream_frames_total{${labels},direction="to_client"} 3\n`);
    expect(text).toContain(`hawser_top_stream_buffered_bytes{${labels},direction="to_client"} 64\n`);
    expect(text).toContain(`hawser_top_stream_age_seconds{${labels}} 61\n`);
    expect(text).toContain(`hawser_top_stream_ping_seconds{${labels}} 0.25\n`);
    expect(text).not.toContain('id="7"');
  });

  test.each(["/metrics", "/metrics/streams"])("%s is OpenMetrics for who asks for that", async (path) => {
    const { ask } = await adminOf();
    const answer = await ask(path, { headers: { accept: "application/openmetrics-text; version=1.0.0" } });
    expect(answer.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(await answer.text()).toMatch(/# EOF\n$/);
  });
});
