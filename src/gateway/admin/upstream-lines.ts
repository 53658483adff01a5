import type { UpstreamConfig } from "../config/config.ts";
import type { MetricFamily } from "../telemetry/metric-samples.ts";
import type { Overview } from "../telemetry/stream-view.ts";

/** One upstream, as operators see it. JSON. */
export interface UpstreamLine {
  readonly name: string;
  readonly addresses: readonly string[];
  /** WebSockets that are open. */
  readonly open: number;
  /** Attempts to get a WebSocket from it, and those that came to none, but for those whose client had left. */
  readonly dials: number;
  readonly failures: number;
  /** Attempts by what became of them. */
  readonly results: Readonly<Record<string, number>>;
}

/** `upstreams` of the config, with what `routes` have open to them and what `families` count. */
export function upstreamLines(
  upstreams: readonly UpstreamConfig[],
  routes: Overview["routes"],
  families: readonly MetricFamily[],
): UpstreamLine[] {
  const dials = families.find(({ name }) => name === "hawser_upstream_dials_total")?.values ?? [];
  return upstreams.map(({ name, addresses }) => {
    const results: Record<string, number> = {};
    for (const { labels, value } of dials) {
      const result = String(labels["result"]);
      if (labels["upstream"] === name) results[result] = (results[result] ?? 0) + value;
    }
    const all = sum(Object.values(results));
    return {
      name,
      addresses: addresses.map(({ url }) => url),
      open: sum(routes.filter(({ upstream }) => upstream === name).map(({ open }) => open)),
      dials: all,
      failures: all - (results["accepted"] ?? 0) - (results["aborted"] ?? 0),
      results,
    };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
