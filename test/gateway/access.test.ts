import { describe, expect, test } from "vitest";
import { startGatewayUnderTest, type GatewayUnderTest } from "../support/gateway-under-test.ts";
import { connectClient, HttpVersions, Neighbour, statusOf } from "../support/loopback-clients.ts";
import type { ClientResponse, OpeningWish } from "../support/opening-client.ts";

const Echo = { name: "echo", path: "/echo", handler: "echo" };

describe.each(HttpVersions)("over HTTP/$httpVersion", ({ httpVersion, protocol, opened }) => {
  async function answerTo(gateway: GatewayUnderTest, wish: OpeningWish, address?: string): Promise<ClientResponse> {
    const client = await connectClient(gateway.port, httpVersion, address);
    client.ask({ path: "/echo", ...wish });
    return await client.response();
  }

  /** Asks as a browser does for a page of `origin`, or as another program where there is none. */
  const from = (origin: string | undefined, authority = "example.com"): OpeningWish => ({
    authority,
    fields: origin === undefined ? [] : [["Origin", origin]],
  });

  test("a page of another site cannot open a WebSocket with its visitor's cookies", async () => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    const neighbour = await Neighbour.open(await gateway.connect(httpVersion), { path: "/echo" });
    const { fields } = from("https://evil.example");
    const refused = await answerTo(gateway, { fields: [["Cookie", "session=1"], ...(fields ?? [])] });
    expect(refused).toMatchObject({
      status: 403,
      body: "Pages of this origin may not open WebSockets here.\n",
    });
    expect((await answerTo(gateway, from("http://example.com"))).status).toBe(opened);
    expect((await answerTo(gateway, from("http://example.com:8080", "example.com:8080"))).status).toBe(opened);
    expect((await answerTo(gateway, from(undefined))).status).toBe(opened);
    await neighbour.feelsNothing();
    const labels = { route: "echo", protocol, result: "origin" };
    expect(await gateway.metric("hawser_openings_total", labels)).toBe(1);
    expect(gateway.log.join("\n")).not.toContain("evil");
  });

  test.each([
    { origin: "null" },
    { origin: "https://example.com.evil.example" },
    { origin: "http://example.com:8080" },
    { origin: "http://example.com/" },
    { origin: "http://example.com, http://evil.example" },
  ])("the origin $origin is refused", async ({ origin }) => {
    const gateway = await startGatewayUnderTest({ routes: [Echo] });
    expect((await answerTo(gateway, from(origin))).status).toBe(403);
  });

  test("two lines of Origin are refused, even if every origin may come", async () => {
    const gateway = await startGatewayUnderTest({ access: { origins: "any" }, routes: [Echo] });
    const line = ["Origin", "http://example.com"] as const;
    expect((await answerTo(gateway, { fields: [line, line] })).status).toBe(403);
    expect((await answerTo(gateway, { fields: [line] })).status).toBe(opened);
  });

  test("origins are listed for all routes, and in place of them for one", async () => {
    const gateway = await startGatewayUnderTest({
      access: { origins: ["https://app.example.org", "https://*.example.net"] },
      routes: [
        Echo,
        { path: "/any", handler: "echo", origins: "any" },
        { path: "/own", handler: "echo", origins: ["https://own.example"] },
      ],
    });
    const cases = [
      { path: "/echo", origin: "https://app.example.org", status: opened },
      { path: "/echo", origin: "https://a.example.net", status: opened },
      { path: "/echo", origin: "https://a.b.example.net", status: 403 },
      { path: "/echo", origin: "http://app.example.org", status: 403 },
      { path: "/any", origin: "https://evil.example", status: opened },
      { path: "/any", origin: "null", status: opened },
      { path: "/own", origin: "https://own.example", status: opened },
      { path: "/own", origin: "https://app.example.org", status: 403 },
      { path: "/own", origin: "http://example.com", status: opened },
    ];
    for (const { path, origin, status } of cases) {
      expect({ path, origin, status: (await answerTo(gateway, { ...from(origin), path })).status }).toEqual({
        path,
        origin,
        status,
      });
    }
  });

  test("a host that is not answered is 421, whatever the path, and others go on", async () => {
    const gateway = await startGatewayUnderTest({
      access: { hosts: ["chat.example.com", "*.wild.example"] },
      routes: [Echo],
    });
    const wish = { path: "/echo", authority: "chat.example.com" };
    const neighbour = await Neighbour.open(await gateway.connect(httpVersion), wish);
    const cases = [
      { authority: "evil.example", status: 421 },
      { authority: "evil.example", path: "/nowhere", status: 421 },
      { authority: "a.b.wild.example", status: 421 },
      { authority: "CHAT.example.com.:8443", status: opened },
      { authority: "a.wild.example", status: opened },
      { authority: "chat.example.com", path: "/nowhere", status: 404 },
    ];
    for (const { status, ...asked } of cases) {
      expect({ ...asked, status: (await answerTo(gateway, asked)).status }).toEqual({ ...asked, status });
    }
    await neighbour.feelsNothing();
    expect(await gateway.metric("hawser_openings_total", { protocol, result: "host" })).toBe(3);
    expect(gateway.log.join("\n")).not.toContain("evil");
  });

  test.each(["a%2eexample.com", "example.com..", ".example.com", "a..example.com"])(
    "the host %s, which servers read differently, is no host at all",
    async (authority) => {
      const gateway = await startGatewayUnderTest({ routes: [Echo] });
      const neighbour = await Neighbour.open(await gateway.connect(httpVersion), { path: "/echo" });
      expect((await answerTo(gateway, { authority })).status).toBe(400);
      expect(await statusOf(gateway.port, httpVersion, { authority })).toBe(400);
      await neighbour.feelsNothing();
    },
  );

  test("no field says what a client's address is, not even that of a trusted proxy", async () => {
    const gateway = await startGatewayUnderTest({
      access: { clients: { deny: ["127.0.0.2"] } },
      trustedProxies: ["127.0.0.0/8"],
      routes: [Echo, { path: "/inside", handler: "echo", clients: { allow: ["10.0.0.0/8"] } }],
    });
    const as = (address: string): OpeningWish => ({
      fields: [
        ["X-Forwarded-For", address],
        ["X-Real-IP", address],
        ["Forwarded", `for=${address}`],
      ],
    });
    expect((await answerTo(gateway, { ...as("10.0.0.1"), path: "/inside" })).status).toBe(403);
    expect((await answerTo(gateway, as("10.0.0.1"), "127.0.0.2")).status).toBe(403);
    expect((await answerTo(gateway, as("127.0.0.2"))).status).toBe(opened);
  });

  test("an address that is denied is 403, and its neighbour's streams go on", async () => {
    const gateway = await startGatewayUnderTest({
      access: { clients: { deny: ["127.0.0.2"] } },
      routes: [Echo, { path: "/inside", handler: "echo", clients: { allow: ["127.0.0.3"] } }],
    });
    const neighbour = await Neighbour.open(await gateway.connect(httpVersion), { path: "/echo" });
    expect(await answerTo(gateway, {}, "127.0.0.2")).toMatchObject({
      status: 403,
      body: "This client may not ask here.\n",
    });
    expect((await answerTo(gateway, { path: "/inside" }, "127.0.0.2")).status).toBe(403);
    expect((await answerTo(gateway, { path: "/inside" })).status).toBe(403);
    expect((await answerTo(gateway, { path: "/inside" }, "127.0.0.3")).status).toBe(opened);
    await neighbour.feelsNothing();
    expect(await gateway.metric("hawser_openings_total", { protocol, result: "client_denied" })).toBe(3);
    expect(gateway.log.join("\n")).not.toContain("127.0.0.2");
  });

  test("the rules of client and host hold for ordinary requests too, that of the origin does not", async () => {
    const gateway = await startGatewayUnderTest(
      {
        access: { hosts: ["example.com"], clients: { deny: ["127.0.0.2"] } },
        routes: [
          { pathPrefix: "/", root: "site" },
          { pathPrefix: "/inside", root: "site", clients: { deny: ["127.0.0.3"] } },
        ],
      },
      { "site/index.html": "hello" },
    );
    const cases = [
      { status: 200 },
      { fields: [["origin", "https://evil.example"]], status: 200 },
      { authority: "evil.example", status: 421 },
      { authority: "evil.example", path: "/nowhere", status: 421 },
      { path: "/nowhere", status: 404 },
      { address: "127.0.0.2", status: 403 },
      { address: "127.0.0.3", status: 200 },
      { address: "127.0.0.3", path: "/inside/", status: 403 },
      { path: "/inside/", status: 200 },
    ] as const;
    for (const { status, ...asked } of cases) {
      expect({ ...asked, status: await statusOf(gateway.port, httpVersion, asked) }).toEqual({ ...asked, status });
    }
  });
});
