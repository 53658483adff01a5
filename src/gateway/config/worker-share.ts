import type { Config } from "./config.ts";

/**
 * What one of `workers` processes that serve as one has of `config`. What the config says of all clients together, or of an
 * upstream, each has its share of, rounded up; what it says of one client, connection or WebSocket holds in each. Commands
 * and the watching of files are the affair of the process above them.
 */
export function workerShare(config: Config, workers: number): Config {
  const share = (total: number): number => Math.ceil(total / workers);
  const { limits, routes, upstreams, reload } = config;
  return {
    ...config,
    limits: { ...limits, maxConnections: share(limits.maxConnections), maxStreams: share(limits.maxStreams) },
    routes: routes.map((route) => ({
      ...route,
      maxStreams: route.maxStreams === undefined ? undefined : share(route.maxStreams),
    })),
    upstreams: upstreams.map((upstream) => ({
      ...upstream,
      maxConnections: share(upstream.maxConnections),
      maxWaiting: share(upstream.maxWaiting),
      command: undefined,
    })),
    reload: { ...reload, watch: false },
  };
}
