import { isLoopback } from "./addresses.ts";
import { certificateFacts } from "./certificates.ts";
import type { Config } from "./config.ts";
import type { Fault } from "./fault.ts";

const Day = 86_400_000;
const WarnDays = 14;

/** What a valid config says that its author hardly wants. */
export function configWarnings(config: Config, now: Date): Fault[] {
  return [
    ...certificateWarnings(config, now),
    ...upstreamWarnings(config),
    ...adminWarnings(config),
    ...http2Warnings(config),
  ];
}

function certificateWarnings({ listeners }: Config, now: Date): Fault[] {
  return listeners.flatMap(({ tls }, i): Fault[] => {
    if (tls === undefined) return [];
    const { validUntil } = certificateFacts(tls.certificate);
    const daysLeft = (validUntil.getTime() - now.getTime()) / Day;
    if (daysLeft > WarnDays) return [];
    const date = validUntil.toISOString().slice(0, 10);
    const message = `the certificate ${daysLeft < 0 ? "was valid until" : "is only valid until"} ${date}`;
    return [{ path: ["listeners", i, "tls", "certificate"], at: "value", message }];
  });
}

function upstreamWarnings({ upstreams, routes, deadlines }: Config): Fault[] {
  const used = new Set(routes.map(({ target }) => (target.type === "upstream" ? target.upstream : undefined)));
  return upstreams.flatMap(({ name, addresses, connectTimeoutMs, answerTimeoutMs }): Fault[] => {
    if (!used.has(name)) return [{ path: ["upstreams", name], at: "key", message: "no route leads to it" }];
    if (addresses.length * connectTimeoutMs + answerTimeoutMs <= deadlines.answerMs) return [];
    const needed = addresses.length === 1 ? "connectTimeoutMs" : `${addresses.length} × connectTimeoutMs`;
    const message = `deadlines.answerMs (${deadlines.answerMs}) ends before ${needed} + answerTimeoutMs do`;
    return [{ path: ["upstreams", name, "answerTimeoutMs"], at: "value", message }];
  });
}

function adminWarnings({ admin }: Config): Fault[] {
  if (isLoopback(admin.host)) return [];
  const message = "not a loopback address, and there is no authentication: anybody who reaches it can read the metrics";
  return [{ path: ["admin", "address"], at: "value", message }];
}

function http2Warnings({ http2 }: Config): Fault[] {
  const warnings: Fault[] = [];
  if (http2.resetBurst < 4 * http2.maxConcurrentStreams) {
    const message = "below 4 × maxConcurrentStreams: a page that is reloaded a few times loses its connection";
    warnings.push({ path: ["http2", "resetBurst"], at: "value", message });
  }
  if (http2.connectionWindowBytes < http2.streamWindowBytes) {
    const message = "below streamWindowBytes: no stream can use its window";
    warnings.push({ path: ["http2", "connectionWindowBytes"], at: "value", message });
  }
  return warnings;
}
