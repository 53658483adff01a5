import { expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { hex } from "../support/bits.ts";
import { fragmentedMessages, frameOf, wholeMessages } from "../support/counted-frames.ts";
import { parseExposition } from "../support/exposition.ts";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectFrom, connectSession } from "../support/loopback-clients.ts";
import { h1Client, h2Client, type EndingClient, type OpeningWish } from "../support/opening-client.ts";
import { ScriptAccount, type Way } from "../support/script-account.ts";
import { silentUpstream, type UpstreamEnd } from "../support/silent-upstream.ts";
import { closePayload } from "../support/websocket-peer.ts";

const Ways: readonly Way[] = [
  { name: "HTTP/1.1", protocol: "h1", engine: "node" },
  { name: "HTTP/2 of node", protocol: "h2", engine: "node" },
  { name: "HTTP/2 of hawser", protocol: "h2", engine: "hawser" },
];

/** The families that are compared: each series of theirs that is not 0 must be in the script's own account. */
const Families = [
  ...["stream_bytes_total", "stream_frames_total", "stream_messages_total", "stream_closes_total"],
  ...["streams_open", "streams_opened_total", "stream_duration_seconds_count"],
  ...["message_bytes_bucket", "message_bytes_sum", "message_bytes_count", "ping_rtt_seconds_count"],
  ...["openings_total", "opening_duration_seconds_count", "access_refused_total", "limits_hit_total"],
  ...["upstream_dials_total", "upstream_dial_seconds_count", "upstream_connections_open", "buffered_bytes"],
  ...["h2_resets_total", "h2_goaways_total", "h2_streams_per_connection_count", "h2_streams_per_connection_sum"],
  ...["client_connections_open", "client_connections_total"],
].map((name) => `hawser_${name}`);

/** Clients one after the other: over HTTP/2 they share a connection. */
interface Clients {
  next(): EndingClient;
  /** Closes the connection they share, if they do. */
  close(): void;
}

async function connectClients({ protocol }: Way, port: number): Promise<Clients> {
  if (protocol === "h2") {
    const session = await connectSession(port);
    return { next: () => h2Client(session), close: () => session.close() };
  }
  return { next: () => h1Client(connectFrom("127.0.0.1", port)), close: () => undefined };
}

/** A WebSocket through the relay, both ends of it. */
interface Relayed {
  readonly client: EndingClient;
  readonly upstream: UpstreamEnd;
  readonly account: ScriptAccount;
  /** Bytes that each end has received so far. */
  readonly bytes: { client: number; upstream: number };
}

async function sendUp({ client, upstream, account, bytes }: Relayed, ...frames: ReturnType<typeof frameOf>[]) {
  const wire = account.toUpstream.wire(...frames);
  client.send(wire);
  await upstream.received((bytes.upstream += wire.length));
}

async function sendDown({ client, upstream, account, bytes }: Relayed, ...frames: ReturnType<typeof frameOf>[]) {
  const wire = account.toClient.wire(...frames);
  upstream.send(wire);
  await client.received((bytes.client += wire.length));
}

/** Everything both ways; each of the two Pings is answered. */
async function converse(relayed: Relayed, seed: number): Promise<void> {
  await Promise.all([sendUp(relayed, ...wholeMessages(seed)), sendDown(relayed, ...wholeMessages(seed + 1))]);
  await sendUp(relayed, ...fragmentedMessages(seed));
  await sendDown(relayed, ...fragmentedMessages(seed + 1), frameOf(Opcode.Pong, `between ${seed}`));
  await sendUp(relayed, frameOf(Opcode.Pong, `between ${seed + 1}`));
  relayed.account.pings("relay", 2);
}

/** The ends that a WebSocket can come to, each as a script. */
const Endings: readonly {
  readonly how: Readonly<Record<"initiator" | "code" | "cause", string>>;
  play(relayed: Relayed): Promise<void>;
}[] = [
  {
    how: { initiator: "client", code: "1000", cause: "close_frame" },
    async play(relayed) {
      await sendUp(relayed, frameOf(Opcode.Close, closePayload(1000, "bye")));
      await sendDown(relayed, frameOf(Opcode.Close, closePayload(1000)));
      relayed.upstream.end();
      relayed.client.finish();
    },
  },
  {
    how: { initiator: "upstream", code: "4xxx", cause: "close_frame" },
    async play(relayed) {
      await sendDown(relayed, frameOf(Opcode.Close, closePayload(4001)));
      await sendUp(relayed, frameOf(Opcode.Close, closePayload(4001)));
      relayed.upstream.end();
      relayed.client.finish();
    },
  },
  {
    how: { initiator: "client", code: "1006", cause: "reset" },
    play({ client, account }) {
      client.reset();
      account.h2Reset("received", "cancel");
      return Promise.resolve();
    },
  },
  {
    how: { initiator: "upstream", code: "1006", cause: "reset" },
    async play({ client, upstream, account, bytes }) {
      upstream.reset();
      await client.received(bytes.client + account.toClient.wire(frameOf(Opcode.Close, closePayload(1014))).length);
      client.send(hex("88 82 00000000 03f6"));
      client.finish();
    },
  },
  {
    how: { initiator: "gateway", code: "1002", cause: "rule_broken" },
    async play({ client, upstream, account, bytes }) {
      const [toClient, toUpstream] = [closePayload(1002), closePayload(1001)];
      // The frame without a mask goes nowhere, and is not counted; so are the answers to Closes of the gateway's own.
      client.send(hex("81 01 61"));
      await client.received(bytes.client + account.toClient.wire(frameOf(Opcode.Close, toClient)).length);
      await upstream.received(bytes.upstream + account.toUpstream.wire(frameOf(Opcode.Close, toUpstream)).length);
      upstream.send(hex("88 02 03e9"));
      upstream.end();
      client.send(hex("88 82 00000000 03ea"));
      client.finish();
    },
  },
];

/** Openings that become no WebSocket. */
const Refusals: readonly {
  readonly wish: OpeningWish;
  readonly status: number;
  count(account: ScriptAccount): void;
}[] = [
  { wish: { path: "/nothing" }, status: 404, count: (account) => account.opening("none", "no_route") },
  ...Array.from({ length: 3 }, () => ({
    wish: { path: "/relay", fields: [["Origin", "https://evil.example"]] } satisfies OpeningWish,
    status: 403,
    count: (account: ScriptAccount) => account.refusedOrigin("relay"),
  })),
  ...Array.from({ length: 2 }, () => ({
    wish: { path: "/dead" },
    status: 502,
    count: (account: ScriptAccount) => account.refusedByUpstream("dead", "nobody", "unreachable"),
  })),
  {
    wish: { path: "/refused" },
    status: 403,
    count: (account) => account.refusedByUpstream("refusing", "backend", "refused"),
  },
];

async function playRefusals(way: Way, gateway: GatewayUnderTest, account: ScriptAccount): Promise<void> {
  for (const { wish, status, count } of Refusals) {
    const clients = await connectClients(way, gateway.port);
    const client = clients.next();
    client.ask(wish);
    expect((await client.response()).status).toBe(status);
    count(account);
    account.connection(1);
    client.finish();
    clients.close();
  }
}

async function playHandler(way: Way, client: EndingClient, account: ScriptAccount): Promise<void> {
  const { handlerToUpstream, handlerToClient } = account;
  client.send(
    handlerToUpstream.wire(
      frameOf(Opcode.Text, "one"),
      frameOf(Opcode.Binary, "a", "more"),
      frameOf(Opcode.Ping, "p"),
      frameOf(Opcode.Continuation, "bcd"),
      frameOf(Opcode.Close, closePayload(1001)),
    ),
  );
  const answers = [
    frameOf(Opcode.Text, "one"),
    frameOf(Opcode.Pong, "p"),
    frameOf(Opcode.Binary, "abcd"),
    frameOf(Opcode.Close, closePayload(1001)),
  ];
  const wire = handlerToClient.wire(...answers);
  expect(await client.received(wire.length)).toEqual(wire);
  // Over HTTP/2 it waits for the gateway to end the stream, as Firefox does.
  if (way.protocol === "h1") client.finish();
  account.close("handler", "echo", { initiator: "client", code: "1001", cause: "close_frame" });
  account.h2Reset("sent", "no_error");
}

async function playRelays(way: Way, gateway: GatewayUnderTest, account: ScriptAccount, backend: Backend) {
  const clients = await connectClients(way, gateway.port);
  const relayed: Relayed[] = [];
  for (const [at] of Endings.entries()) {
    const client = clients.next();
    client.ask({ path: "/relay" });
    await client.response();
    relayed.push({ client, upstream: await backend.newest(at + 1), account, bytes: { client: 0, upstream: 0 } });
    account.dialed("backend", "accepted");
    if (way.protocol === "h1") account.connection(1);
  }
  const handled = clients.next();
  handled.ask({ path: "/handler" });
  await handled.response();
  account.connection(way.protocol === "h1" ? 1 : Endings.length + 1);
  for (const [at, one] of relayed.entries()) await converse(one, 2 * at);
  for (const [at, { how, play }] of Endings.entries()) {
    await play(relayed[at]!);
    account.close("relay", "backend", how);
  }
  await playHandler(way, handled, account);
  await gateway.settles("hawser_streams_open", {}, 0);
  if (way.protocol === "h2") await gateway.settles("hawser_h2_resets_total", {}, account.resets);
  clients.close();
}

type Backend = Awaited<ReturnType<typeof silentUpstream>>;

test.each(Ways)("over $name every counter is what the script has counted", async (way) => {
  const backend = await silentUpstream();
  const gateway = await startGatewayUnderTest({
    http2: { engine: way.engine },
    routes: [
      { name: "relay", path: "/relay", upstream: "backend" },
      { name: "refusing", path: "/refused", upstream: "backend" },
      { name: "dead", path: "/dead", upstream: "nobody" },
      { name: "handler", path: "/handler", handler: "echo" },
    ],
    upstreams: { backend: { addresses: [backend.url] }, nobody: { addresses: ["ws://127.0.0.1:1"] } },
  });
  const account = new ScriptAccount(way);
  await playRefusals(way, gateway, account);
  await playRelays(way, gateway, account, backend);
  account.settle();
  await gateway.settles("hawser_client_connections_open", {}, 0);
  await gateway.settles("hawser_upstream_connections_open", {}, 0);
  const text = await (await fetch(`${gateway.admin}/metrics`)).text();
  const told = [...parseExposition(text)].filter(([series, value]) => isCompared(series) && value !== 0);
  const counted = [...account.expected].filter(([, value]) => value !== 0);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(counted));
});

function isCompared(series: string): boolean {
  return Families.includes(series.split("{", 1)[0] ?? "");
}
