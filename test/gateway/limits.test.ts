import { describe, expect, onTestFinished, test } from "vitest";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectClient, connectSession, HttpVersions, Neighbour } from "../support/loopback-clients.ts";
import { h2Client, type ClientResponse, type OpeningClient } from "../support/opening-client.ts";
import { scriptedUpstream } from "../support/scripted-upstream.ts";
import { startWsBackend } from "../support/ws-backend.ts";

const Other = "127.0.0.2";
const Echo = { name: "echo", path: "/echo", handler: "echo" };

/** What a limit's refusal is beside its status: when to come again, and counted under its name. */
async function expectLimited(
  gateway: GatewayUnderTest,
  { status, fields }: ClientResponse,
  expected: { readonly status: number; readonly limit: string; readonly protocol: string },
): Promise<void> {
  expect(status).toBe(expected.status);
  expect(Number(new Map(fields).get("retry-after"))).toBeGreaterThanOrEqual(1);
  const { limit, protocol } = expected;
  expect(await gateway.metric("hawser_limits_hit_total", { limit, protocol })).toBe(1);
  expect(await gateway.metric("hawser_limits_hit_total")).toBe(1);
  expect(await gateway.metric("hawser_openings_total", { protocol, result: "limited" })).toBe(1);
  expect(gateway.log.filter((line) => line.includes(`limited  (${limit})`))).toHaveLength(1);
}

async function ask(client: OpeningClient, path = "/echo"): Promise<ClientResponse> {
  client.ask({ path });
  return await client.response();
}

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, protocol, opened }) => {
  test.each([
    { limit: "streams", status: 503, config: { limits: { maxStreams: 2 } }, neighbour: { path: "/echo" } },
    {
      limit: "streams_per_route",
      status: 503,
      config: {
        routes: [
          { ...Echo, maxStreams: 1 },
          { path: "/other", handler: "echo" },
        ],
      },
      neighbour: { path: "/other" },
    },
    {
      limit: "streams_per_address",
      status: 429,
      config: { limits: { maxStreamsPerAddress: 1 } },
      neighbour: { path: "/echo", address: Other },
    },
  ])(
    "$limit: one more is $status, and there is room when one has ended",
    async ({ limit, status, config, neighbour }) => {
      const gateway = await startGatewayUnderTest({ routes: [Echo], ...config });
      const near = await Neighbour.open(await connectClient(gateway.port, httpVersion, neighbour.address), neighbour);
      const first = await connectClient(gateway.port, httpVersion);
      expect((await ask(first)).status).toBe(opened);
      const refused = await ask(await connectClient(gateway.port, httpVersion));
      await expectLimited(gateway, refused, { status, limit, protocol });
      await near.feelsNothing();
      first.leave();
      await gateway.settles("hawser_streams_open", {}, 1);
      expect((await ask(await connectClient(gateway.port, httpVersion))).status).toBe(opened);
      await near.feelsNothing();
    },
  );

  test("an address that opens too fast is 429 until the seconds it was told are over; others open meanwhile", async () => {
    const gateway = await startGatewayUnderTest({
      limits: { openingsPerSecond: 1, openingBurst: 2 },
      routes: [Echo],
    });
    const near = await Neighbour.open(await connectClient(gateway.port, httpVersion, Other), { path: "/echo" });
    const clients = await Promise.all([1, 2, 3].map(() => connectClient(gateway.port, httpVersion)));
    const answers = await Promise.all(clients.map((client) => ask(client)));
    const refused = answers.find(({ status }) => status === 429);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([opened, opened, 429]);
    await expectLimited(gateway, refused!, { status: 429, limit: "opening_rate", protocol });
    expect(new Map(refused!.fields).get("retry-after")).toBe("1");
    expect((await ask(await connectClient(gateway.port, httpVersion, "127.0.0.3"))).status).toBe(opened);
    await near.feelsNothing();
    await expect
      .poll(async () => (await ask(await connectClient(gateway.port, httpVersion))).status, { timeout: 3_000 })
      .toBe(opened);
  });

  test("an opening whose upstream has not answered yet takes a place, and gives it back when it is given up", async () => {
    const upstream = await scriptedUpstream(() => {});
    if (upstream.address.transport.type !== "tcp") throw new Error("not TCP");
    const gateway = await startGatewayUnderTest({
      routes: [
        { ...Echo, path: "/echo" },
        { name: "slow", path: "/slow", upstream: "slow", maxStreams: 1 },
      ],
      upstreams: {
        slow: { addresses: [`ws://127.0.0.1:${upstream.address.transport.port}`], answerTimeoutMs: 60_000 },
      },
    });
    const near = await Neighbour.open(await gateway.connect(httpVersion), { path: "/echo" });
    const waiting = await gateway.connect(httpVersion);
    const asked = upstream.nextRequest();
    waiting.ask({ path: "/slow" });
    await asked;
    const refused = await ask(await gateway.connect(httpVersion), "/slow");
    await expectLimited(gateway, refused, { status: 503, limit: "streams_per_route", protocol });
    waiting.leave();
    await gateway.settles("hawser_openings_total", { route: "slow", protocol, result: "client_left" }, 1);
    const askedAgain = upstream.nextRequest();
    (await gateway.connect(httpVersion)).ask({ path: "/slow" });
    await askedAgain;
    await near.feelsNothing();
  });

  test("a limit that comes with a reload counts what is open, and ends none of it", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    const near = await Neighbour.open(await gateway.connect(httpVersion), { path: "/echo" });
    const second = await gateway.connect(httpVersion);
    expect((await ask(second)).status).toBe(opened);
    await gateway.reload({ routes: [Echo], limits: { maxStreams: 1 } });
    expect((await ask(await gateway.connect(httpVersion))).status).toBe(503);
    second.leave();
    await gateway.settles("hawser_streams_open", {}, 1);
    expect((await ask(await gateway.connect(httpVersion))).status).toBe(503);
    await gateway.reload({ routes: [Echo], limits: { maxStreams: 2 } });
    expect((await ask(await gateway.connect(httpVersion))).status).toBe(opened);
    await near.feelsNothing();
  });

  test("a relayed WebSocket gives its place back when it has ended", async () => {
    const backend = await startWsBackend();
    onTestFinished(() => backend.stop());
    const gateway = await startGatewayUnderTest({
      limits: { maxStreams: 1 },
      routes: [{ path: "/", upstream: "backend" }],
      upstreams: { backend: { addresses: [backend.url] } },
    });
    for (let i = 0; i < 3; i++) {
      const client = await gateway.connect(httpVersion);
      expect((await ask(client, "/")).status).toBe(opened);
      expect((await ask(await gateway.connect(httpVersion), "/")).status).toBe(503);
      client.leave();
      await gateway.settles("hawser_streams_open", {}, 0);
    }
  });

  test("openings that the upstream refuses give their places back", async () => {
    const upstream = await scriptedUpstream((socket) =>
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
    );
    if (upstream.address.transport.type !== "tcp") throw new Error("not TCP");
    const gateway = await startGatewayUnderTest({
      limits: { maxStreams: 1 },
      routes: [{ path: "/", upstream: "strict" }],
      upstreams: { strict: { addresses: [`ws://127.0.0.1:${upstream.address.transport.port}`] } },
    });
    for (let i = 0; i < 3; i++) expect((await ask(await gateway.connect(httpVersion), "/")).status).toBe(401);
  });
});

test("streams of one HTTP/2 connection: one more is 429; the connection and its other streams go on, and so do others", async () => {
  const gateway = await startGatewayUnderTest({ limits: { maxStreamsPerConnection: 2 }, routes: [Echo] });
  const session = await connectSession(gateway.port);
  const elsewhere = await Neighbour.open(await gateway.connect("2"), { path: "/echo" });
  const sibling = await Neighbour.open(h2Client(session), { path: "/echo" });
  const second = h2Client(session);
  expect((await ask(second)).status).toBe(200);
  const refused = await ask(h2Client(session));
  await expectLimited(gateway, refused, { status: 429, limit: "streams_per_connection", protocol: "h2" });
  await sibling.feelsNothing();
  await elsewhere.feelsNothing();
  second.leave();
  await gateway.settles("hawser_streams_open", {}, 2);
  expect((await ask(h2Client(session))).status).toBe(200);
});

test("a WebSocket over HTTP/1.1 is the only one of its connection, so that limit never refuses one", async () => {
  const gateway = await startGatewayUnderTest({ limits: { maxStreamsPerConnection: 1 }, routes: [Echo] });
  for (let i = 0; i < 3; i++) await Neighbour.open(await gateway.connect("1.1"), { path: "/echo" });
  expect(await gateway.metric("hawser_limits_hit_total")).toBe(0);
});
