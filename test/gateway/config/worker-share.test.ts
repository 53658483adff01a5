import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/gateway/config/config.ts";
import { loadConfig } from "../../../src/gateway/config/load.ts";
import { workerShare } from "../../../src/gateway/config/worker-share.ts";
import { configFolder } from "../../support/config-folder.ts";

async function load(options: object): Promise<Config> {
  const base = {
    listeners: [{ address: "127.0.0.1:8001" }],
    routes: [
      { name: "chat", path: "/chat", upstream: "a", maxStreams: 5 },
      { name: "echo", path: "/echo", handler: "echo" },
    ],
    upstreams: { a: { addresses: ["http://127.0.0.1:1"], maxConnections: 9, maxWaiting: 0, command: ["node", "x"] } },
    limits: {
      maxConnections: 10,
      maxConnectionsPerAddress: 4,
      maxHandshakes: 8,
      maxStreams: 3,
      maxStreamsPerAddress: 4,
      openingsPerSecond: 6,
    },
  };
  return await loadConfig(
    join(await configFolder({ "hawser.yaml": JSON.stringify({ ...base, ...options }) }), "hawser.yaml"),
  );
}

test.each([
  { written: {}, workers: 1 },
  { written: { workers: 3 }, workers: 3 },
  { written: { workers: "auto" }, workers: availableParallelism() },
])("$written: $workers workers", async ({ written, workers }) => {
  expect((await load(written)).workers).toBe(workers);
});

describe("one of 4 workers has", () => {
  test("its share, rounded up, of what all clients and an upstream may have", async () => {
    const { limits, routes, upstreams } = workerShare(await load({}), 4);
    expect(limits).toMatchObject({ maxConnections: 3, maxStreams: 1 });
    expect(routes.map(({ maxStreams }) => maxStreams)).toEqual([2, undefined]);
    expect(upstreams[0]).toMatchObject({ maxConnections: 3, maxWaiting: 0 });
  });

  test("all of what one client may have", async () => {
    const { limits } = workerShare(await load({}), 4);
    expect(limits).toMatchObject({
      maxConnectionsPerAddress: 4,
      maxHandshakes: 8,
      maxStreamsPerAddress: 4,
      openingRate: { perSecond: 6, burst: 100 },
    });
  });

  test("no process to start, and no file to watch", async () => {
    const { upstreams, reload } = workerShare(await load({}), 4);
    expect([upstreams[0]?.command, reload.watch]).toEqual([undefined, false]);
  });
});
