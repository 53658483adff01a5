import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";

test("readiness tells of the start and of the stop", async () => {
  const gateway = await startGatewayUnderTest({ routes: [{ path: "/echo", handler: "echo" }] });
  expect((await fetch(`${gateway.admin}/readyz`)).status).toBe(200);
  const client = await gateway.connect("2");
  client.ask({ path: "/echo" });
  await client.response();
  const stopped = gateway.gateway.stop();
  const draining = await fetch(`${gateway.admin}/readyz`);
  expect([draining.status, await draining.text()]).toEqual([503, "draining\n"]);
  gateway.gateway.abort();
  await stopped;
});

test("abort ends the process of an upstream too", async () => {
  const command = ["node", "-e", "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"];
  const gateway = await startGatewayUnderTest({
    routes: [{ path: "/chat", upstream: "own" }],
    upstreams: { own: { addresses: ["ws://127.0.0.1:9"], command } },
  });
  await vi.waitFor(() => expect(gateway.log).toContain("upstream own: up"));
  const stopped = gateway.gateway.stop();
  const startedAt = performance.now();
  gateway.gateway.abort();
  await stopped;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test("ordinary requests get the files of a folder, and are told what is for WebSockets", async () => {
  const gateway = await startGatewayUnderTest(
    {
      routes: [
        { path: "/echo", handler: "echo" },
        { name: "page", pathPrefix: "/docs", root: "site" },
      ],
    },
    { "site/index.html": "<p>home", "site/a b.txt": "spaced" },
  );
  const get = (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`);
  expect(await (await get("/docs")).text()).toBe("<p>home");
  expect(await (await get("/docs/?x=1")).text()).toBe("<p>home");
  expect(await (await get("/docs/a%20b.txt")).text()).toBe("spaced");
  expect((await get("/docs/%2e%2e/hawser.yaml")).status).toBe(404);
  expect((await get("/absent")).status).toBe(404);
  const upgrade = await get("/echo");
  expect([upgrade.status, upgrade.headers.get("upgrade")]).toEqual([426, "websocket"]);
  expect(upgrade.headers.get("connection")).toMatch(/\bUpgrade\b/);
  expect(await gateway.metric("hawser_http_requests_total", { route: "page", status: "2xx" })).toBe(3);
});

test("a listener that cannot listen is named, and nothing is left running", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const listeners = [
    { name: "free", address: "127.0.0.1:0" },
    { name: "taken", address: `127.0.0.1:${port}` },
  ];
  const started = startGatewayUnderTest({ listeners, routes: [{ path: "/echo", handler: "echo" }] });
  const words = `listener taken cannot listen on 127.0.0.1 port ${port}: another process listens there`;
  await expect(started).rejects.toThrow(words);
});
