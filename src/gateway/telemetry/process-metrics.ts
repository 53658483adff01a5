import { collectDefaultMetrics, type Registry } from "prom-client";
import { gaugeOf } from "./metric-family.ts";

/**
 * Families of prom-client that look at each handle of the process in each scrape, which costs time per connection; half of
 * them are gauges named `_total`. `hawser_client_connections_open` and `process_open_fds` say what is wanted of them.
 */
const Unwanted = ["handles", "requests", "resources"].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/** Puts into `registry` what is known of the process: processor, memory, event loop, garbage collector, `version` of hawser. */
export function collectProcessMetrics(registry: Registry, version: string): void {
  gaugeOf(registry, "hawser_build_info", "1, labelled with the version that runs.", ["version"]).set({ version }, 1);
  collectDefaultMetrics({ register: registry });
  for (const name of Unwanted) registry.removeSingleMetric(name);
}
