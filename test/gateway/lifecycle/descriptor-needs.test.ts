import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { descriptorNeeds } from "../../../src/gateway/lifecycle/descriptor-needs.ts";
import { configFolder } from "../../support/config-folder.ts";

test.each([
  { routes: "{ path: /a, handler: echo }", maxStreams: 0 },
  { routes: "{ path: /a, upstream: chat }", maxStreams: 100 },
  { routes: "{ path: /a, upstream: chat, maxStreams: 7 }", maxStreams: 7 },
  { routes: "{ path: /a, upstream: chat, maxStreams: 7 }, { path: /b, upstream: web, maxStreams: 8 }", maxStreams: 15 },
  {
    routes: "{ path: /a, upstream: chat, maxStreams: 70 }, { path: /b, upstream: web, maxStreams: 80 }",
    maxStreams: 100,
  },
  { routes: "{ path: /a, upstream: chat, maxStreams: 7 }, { path: /b, upstream: web }", maxStreams: 100 },
])("$routes: $maxStreams WebSockets to upstreams", async ({ routes, maxStreams }) => {
  const text = `listeners: [{ address: "127.0.0.1:1" }]
routes: [${routes}]
upstreams:
  chat: { addresses: [ws://a, ws://b] }
  web: { addresses: [http://a, http://b], maxConnections: 3 }
limits: { maxConnections: 10, maxStreams: 100 }
`;
  const folder = await configFolder({ "g.yaml": text });
  const needs = descriptorNeeds(await loadConfig(join(folder, "g.yaml")));
  expect(needs).toEqual({ maxConnections: 10, maxStreams, maxUpstreamConnections: 6 });
});
