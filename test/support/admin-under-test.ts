import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { AdminConfig } from "../../src/gateway/config/config.ts";
import { loadConfig } from "../../src/gateway/config/load.ts";
import { AdminServer, type AdminDeadlines } from "../../src/gateway/admin/api.ts";
import type { ActionOutcome, AdminSources, Readiness } from "../../src/gateway/admin/gateway-endpoints.ts";
import { exposition } from "../../src/gateway/telemetry/exposition-text.ts";
import type { MetricFamily } from "../../src/gateway/telemetry/metric-samples.ts";
import { configFolder } from "./config-folder.ts";
import { ListedStreams } from "./listed-streams.ts";

const Families: readonly MetricFamily[] = [
  { name: "up", help: "x", type: "gauge", values: [{ labels: {}, value: 1 }] },
];

/** What an {@link startAdmin} tells of by itself: one gauge, no streams, the smallest config, no action. */
export async function adminSources(streams = new ListedStreams(), configText?: string): Promise<AdminSources> {
  const text = configText ?? `listeners: [{ address: "127.0.0.1:1" }]\nroutes: [{ handler: echo }]\n`;
  const folder = await configFolder({ "g.yaml": text });
  const config = await loadConfig(join(folder, "g.yaml"));
  return {
    metrics: {
      scrape: (accept) => Promise.resolve(exposition(Families, accept)),
      families: () => Promise.resolve(Families),
    },
    streams,
    readiness: (): Readiness => "ready",
    inForce: () => ({ generation: 1, loadedAt: 1, summary: null, config }),
    lockedOut: () => undefined,
    actions: new Map<string, () => ActionOutcome | Promise<ActionOutcome>>(),
  };
}

/** How an {@link startAdmin} is unlike others. */
export interface AdminSetup {
  readonly sources?: AdminSources;
  readonly admin?: Partial<Pick<AdminConfig, "host" | "auth" | "hosts">>;
  readonly deadlines?: AdminDeadlines;
}

/** An admin port on loopback until the test is over, and how to ask it. */
export async function startAdmin({ sources, admin = {}, deadlines }: AdminSetup = {}) {
  const rules = { host: "127.0.0.1", port: 0, auth: undefined, hosts: [], ...admin };
  const server = new AdminServer({ ...rules, sources: sources ?? (await adminSources()) }, deadlines);
  const address = await server.listen();
  onTestFinished(() => server.close());
  const base = `http://127.0.0.1:${address.port}`;
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`${base}${path}`, init);
  return { server, address, base, ask };
}
