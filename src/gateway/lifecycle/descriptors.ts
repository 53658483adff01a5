import { readFileSync } from "node:fs";

/** What the gateway itself has open: log, event loop, admin port, files of a reload. */
const OwnDescriptors = 128;

/** What may be open at once, each with a file descriptor. */
export interface DescriptorNeeds {
  /** Connections of clients. */
  readonly maxConnections: number;
  /** WebSockets: each has a connection to its upstream, unless a handler serves it. */
  readonly maxStreams: number;
  /** Connections to upstreams for ordinary requests, over all addresses. */
  readonly maxUpstreamConnections: number;
}

/**
 * How many files this process may have open (RLIMIT_NOFILE); `undefined` where the system does not tell, or sets no limit.
 * It is the soft limit, which node has raised to the hard one.
 */
export function openFilesLimit(): number | undefined {
  try {
    return tryOpenFiles(readFileSync("/proc/self/limits", "latin1"));
  } catch {
    return undefined;
  }
}

/** The soft limit of open files in the text of `/proc/self/limits`. */
export function tryOpenFiles(limits: string): number | undefined {
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** What is missing if everything that `needs` allows is open at once, and the cure; `undefined` if `limit` is enough. */
export function descriptorWarning(needs: DescriptorNeeds, limit: number | undefined): string | undefined {
  const { maxConnections, maxStreams, maxUpstreamConnections } = needs;
  const most = maxConnections + maxStreams + maxUpstreamConnections + OwnDescriptors;
  if (limit === undefined || limit >= most) return undefined;
  const parts = [
    `${maxConnections} connections of clients`,
    `${maxStreams} of WebSockets to upstreams`,
    `${maxUpstreamConnections} of requests to upstreams`,
    `${OwnDescriptors} of its own`,
  ];
  return (
    `this process may have ${limit} files open, and the limits come to ${most}: ${parts.join(", ")}. ` +
    `Raise it (LimitNOFILE=${most} in the systemd unit, --ulimit nofile=${most} for a container, ulimit -n ${most} in a ` +
    "shell), or lower limits.maxConnections and limits.maxStreams; beyond it new connections are refused"
  );
}
