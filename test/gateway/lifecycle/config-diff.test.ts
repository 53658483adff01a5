import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/gateway/config/config.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { diffConfigs, formatDiff } from "../../../src/gateway/lifecycle/config-diff.ts";
import { configFolder } from "../../support/config-folder.ts";

const Base = {
  listeners: [
    { name: "main", address: "127.0.0.1:8001" },
    { name: "side", address: "127.0.0.1:8002" },
  ],
  routes: [
    { name: "chat", path: "/chat", upstream: "a" },
    { name: "feed", path: "/feed", upstream: "b" },
    { name: "echo", path: "/echo", handler: "echo" },
  ],
  upstreams: { a: { addresses: ["ws://127.0.0.1:1"] }, b: { addresses: ["ws://127.0.0.1:2"] } },
  admin: { address: "127.0.0.1:0" },
};

async function load(config: object): Promise<Config> {
  return await loadConfig(join(await configFolder({ "hawser.yaml": JSON.stringify(config) }), "hawser.yaml"));
}

describe("what is said of a change", () => {
  test.each<{ change: string; config: object; said: string }>([
    { change: "none", config: Base, said: "" },
    {
      change: "the order of routes",
      config: { ...Base, routes: Base.routes.toReversed() },
      said: "",
    },
    {
      change: "a route that comes and one that goes",
      config: { ...Base, routes: [...Base.routes.slice(0, 2), { name: "new", path: "/new", handler: "echo" }] },
      said: "routes +new -echo",
    },
    {
      change: "a route's own limit",
      config: { ...Base, routes: [{ ...Base.routes[0], maxStreams: 5 }, ...Base.routes.slice(1)] },
      said: "routes ~chat",
    },
    {
      change: "an upstream, and with it its routes",
      config: { ...Base, upstreams: { ...Base.upstreams, b: { addresses: ["ws://127.0.0.1:3"] } } },
      said: "routes ~feed, upstreams ~b",
    },
    {
      change: "what holds for every handler",
      config: { ...Base, handlers: { maxFragments: 7 } },
      said: "routes ~echo",
    },
    {
      change: "listeners",
      config: { ...Base, listeners: [{ name: "main", address: "127.0.0.1:8003" }] },
      said: "listeners ~main -side",
    },
    {
      change: "other sections",
      config: { ...Base, limits: { maxStreams: 9 }, deadlines: { closeMs: 9 } },
      said: "limits, deadlines",
    },
  ])("$change", async ({ config, said }) => {
    const diff = diffConfigs(await load(Base), await load(config));
    expect(formatDiff(diff)).toBe(said);
    expect(diff.isEmpty).toBe(said === "");
  });
});
