import { BlockList } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Deadlines, RouteConfig, StreamLimits, UpstreamConfig } from "../../../src/gateway/config/config.ts";
import { Upstream } from "../../../src/gateway/routing/upstream.ts";
import { LiveStreams, type GatewayCloseCause } from "../../../src/gateway/serving/live-streams.ts";
import { OpeningReport, type OpeningOutcome } from "../../../src/gateway/serving/opening-report.ts";
import { serveHandler } from "../../../src/gateway/serving/serve-handler.ts";
import { serveUpstream } from "../../../src/gateway/serving/serve-upstream.ts";
import type { StreamContext } from "../../../src/gateway/serving/serving-context.ts";
import { UpstreamDialer } from "../../../src/gateway/serving/upstream-dialer.ts";
import { SeenStreams } from "../../../src/gateway/telemetry/seen-streams.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";
import { DeadlineList } from "../../../src/transport/deadline-list.ts";
import { openNodeH2Client } from "../../../src/transport/node-h2-client.ts";
import { hex } from "../../support/bits.ts";
import { switching } from "../../support/dialing.ts";
import { FakeOpening } from "../../support/fake-opening.ts";
import { freePort } from "../../support/ports.ts";
import { scriptedUpstream, type Script } from "../../support/scripted-upstream.ts";

const Limits: StreamLimits = {
  maxMessageBytes: 10,
  maxFrameBytes: undefined,
  maxFragments: undefined,
  maxBufferedBytes: 65_536,
  idleMs: undefined,
  maxAgeMs: undefined,
  maxAgeJitter: 0,
};
const deadlines: Deadlines = {
  handshakeMs: 60_000,
  headersMs: 60_000,
  answerMs: 60_000,
  responseMs: 60_000,
  bodyIdleMs: 60_000,
  idleConnectionMs: 60_000,
  closeMs: 50,
  writeStallMs: 60_000,
  drainMs: 60_000,
  closeSpreadMs: 0,
};

function routeConfig(limits: Partial<StreamLimits>): RouteConfig {
  return {
    name: "chat",
    host: undefined,
    match: "prefix",
    path: "",
    target: { type: "handler", handler: "echo", compress: false },
    origins: { type: "any" },
    clients: { allow: [], deny: [] },
    maxStreams: undefined,
    streams: { ...Limits, ...limits },
  };
}

/** What a gateway gives, and how often a place in it was given back. */
function gatewayParts() {
  const live = new LiveStreams();
  const seen = new SeenStreams();
  const streams = new StreamRegistry();
  const outcomes: OpeningOutcome[] = [];
  const release = vi.fn<() => void>();
  const context: StreamContext = {
    streams,
    live,
    seen,
    deadlines,
    closing: new DeadlineList(deadlines.closeMs),
    lingering: new DeadlineList(20),
    trustedProxies: new BlockList(),
    limitHit: () => undefined,
    observer: { phaseOver: () => undefined, dialOver: () => undefined },
    handlerFailed: () => undefined,
  };
  /** Resolves when the place was given back; once, and nothing else is left then. */
  const released = async (): Promise<void> => {
    await vi.waitFor(() => expect(release).toHaveBeenCalled(), { interval: 1 });
    expect({ live: live.size, seen: seen.size, records: streams.live.size, openings: outcomes.length }).toEqual({
      live: 0,
      seen: 0,
      records: 0,
      openings: 1,
    });
    live.abort();
    expect(release).toHaveBeenCalledTimes(1);
  };
  return { context, live, outcomes, release, released };
}

type Parts = ReturnType<typeof gatewayParts>;

function closeAll(live: LiveStreams, cause: GatewayCloseCause): void {
  for (const stream of live.all()) {
    expect(stream.route).toBe("chat");
    stream.close(1012, cause);
  }
}

/** Serves `opening` by an upstream that follows `script`, or where nobody listens. */
async function serve(opening: FakeOpening, script: Script | "nobody", limits: Partial<StreamLimits> = {}) {
  const parts = gatewayParts();
  const upstream = script === "nobody" ? undefined : await scriptedUpstream(script);
  const transport =
    upstream?.address.transport ?? ({ type: "tcp", host: "127.0.0.1", port: await freePort() } as const);
  const config: UpstreamConfig = {
    name: "backend",
    takesRequests: false,
    addresses: [{ url: "", authority: "backend", transport, tls: undefined }],
    sourceAddresses: [],
    protocol: "auto",
    maxStreamsPerConnection: 1,
    connectTimeoutMs: 60_000,
    answerTimeoutMs: 100,
    responseTimeoutMs: 60_000,
    maxConnections: 1,
    maxWaiting: 1,
    command: undefined,
  };
  const backend = new Upstream(config);
  const report = new OpeningReport(opening, "chat", (outcome) => parts.outcomes.push(outcome));
  const served = serveUpstream(
    opening,
    {
      type: "upstream",
      name: "chat",
      config: routeConfig(limits),
      upstream: backend,
      dialer: new UpstreamDialer(backend, config, openNodeH2Client),
      http: undefined,
      hostField: { type: "keep" },
    },
    report,
    parts.context,
    parts.release,
  );
  return { ...parts, served, upstream };
}

const accept: Script = (socket, request) => {
  socket.write(switching(request));
  socket.on("end", () => socket.end());
};

describe("an opening that does not become a WebSocket gives its place back", () => {
  test.each<{ what: string; script: Script | "nobody"; result: string }>([
    { what: "nobody listens", script: "nobody", result: "upstream_unreachable" },
    {
      what: "the upstream refuses",
      script: (socket) => socket.end("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
      result: "upstream_refused",
    },
    { what: "the upstream says nothing", script: () => undefined, result: "upstream_timeout" },
    { what: "the upstream speaks no HTTP", script: (socket) => socket.end("220 mail\r\n"), result: "upstream_invalid" },
  ])("$what", async ({ script, result }) => {
    const { served, released, outcomes } = await serve(new FakeOpening(), script);
    await served;
    await released();
    expect(outcomes).toMatchObject([{ result }]);
  });

  test.each<{ what: string; act: (opening: FakeOpening, parts: Parts) => void; result: string }>([
    { what: "the client leaves", act: ({ onGone }) => onGone?.("client-left"), result: "client_left" },
    { what: "its deadline passes", act: ({ onGone }) => onGone?.("deadline"), result: "deadline" },
    {
      what: "the gateway drains",
      act: (_, { live }) => closeAll(live, "drain"),
      result: "draining",
    },
    {
      what: "its route goes",
      act: (_, { live }) => closeAll(live, "route-removed"),
      result: "draining",
    },
    { what: "the gateway stops at once", act: (_, { live }) => live.abort(), result: "draining" },
  ])("while the upstream is asked, $what", async ({ act, result }) => {
    const opening = new FakeOpening();
    const serving = await serve(opening, () => undefined);
    await serving.upstream?.nextRequest();
    act(opening, serving);
    await serving.released();
    expect(serving.outcomes).toMatchObject([{ result }]);
    await serving.upstream?.allClosed();
  });

  test("the upstream's answer cannot be passed on", async () => {
    const { served, released, outcomes, upstream } = await serve(new FakeOpening(new TypeError("invalid")), accept);
    await served;
    await released();
    expect(outcomes).toMatchObject([{ result: "upstream_invalid" }]);
    await upstream?.allClosed();
  });

  test("a handler's subprotocol is none", async () => {
    const parts = gatewayParts();
    const opening = new FakeOpening(new TypeError("invalid"));
    expect(() => handle(opening, parts)).toThrow(TypeError);
    expect(parts.release).toHaveBeenCalledTimes(1);
    expect(parts.live.size).toBe(0);
  });
});

function handle(opening: FakeOpening, { context, outcomes, release }: Parts, limits: Partial<StreamLimits> = {}): void {
  const report = new OpeningReport(opening, "chat", (outcome) => outcomes.push(outcome));
  const config = routeConfig(limits);
  const handler = { onMessage: () => undefined };
  serveHandler(
    opening,
    { type: "handler", name: "chat", config, handler, handlerName: "test", subprotocols: [], extensions: [] },
    report,
    context,
    release,
  );
}

/** A WebSocket that was accepted. */
async function open(kind: "relay" | "handler", opening: FakeOpening, limits?: Partial<StreamLimits>): Promise<Parts> {
  if (kind === "handler") {
    const parts = gatewayParts();
    handle(opening, parts, limits);
    return parts;
  }
  const serving = await serve(opening, accept, limits);
  await serving.served;
  return serving;
}

describe.each(["relay", "handler"] as const)("a WebSocket of a %s gives its place back when it has ended", (kind) => {
  const text = (opening: FakeOpening, wire: string): void => {
    const bytes = hex(wire);
    opening.far.write(bytes, 0, bytes.length, "kept");
  };
  test.each<{ what: string; act: (opening: FakeOpening, parts: Parts) => void; limits?: Partial<StreamLimits> }>([
    { what: "by the client's Close", act: (opening) => text(opening, "88 80 00000000") },
    { what: "by the client's end", act: ({ far }) => far.end() },
    { what: "by a reset", act: ({ far }) => far.abort("cancel") },
    { what: "over a limit", act: (opening) => text(opening, "82 8b 00000000") },
    { what: "by a broken rule", act: (opening) => text(opening, "83 80 00000000") },
    { what: "for being idle", act: () => undefined, limits: { idleMs: 20 } },
    { what: "for its age", act: () => undefined, limits: { maxAgeMs: 20 } },
    { what: "by a drain", act: (_, { live }) => closeAll(live, "drain") },
    { what: "at once", act: (_, { live }) => live.abort() },
  ])("$what", async ({ act, limits }) => {
    const opening = new FakeOpening();
    onTestFinished(() => opening.far.abort("cancel"));
    const ignore = (): void => undefined;
    opening.far.start({ onBytes: ignore, onDrain: ignore, onEnd: ignore, onClose: ignore });
    const parts = await open(kind, opening, limits);
    expect(parts.release).not.toHaveBeenCalled();
    act(opening, parts);
    await parts.released();
  });

  test("that had been lost before it was accepted", async () => {
    const opening = new FakeOpening();
    opening.far.abort("cancel");
    const parts = await open(kind, opening);
    await parts.released();
  });
});
