import type { Counter, Gauge, Registry } from "prom-client";
import { histogramFamily, Observations, type DistributionSeries } from "./distribution.ts";
import { counterOf, gaugeOf, labelValue } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";
import { Protocols, type Protocol } from "./stream-registry.ts";

/** What became of the dial of one address, as `UpstreamDialResult` of the serving floor has it. */
const DialResults = [
  ...(["accepted", "refused", "unreachable", "exhausted", "timeout", "invalid", "busy", "aborted"] as const),
];
export type DialResultLabel = (typeof DialResults)[number];

/** What an opening takes its time for. */
const Phases = ["tls", "admission", "dial", "answer"] as const;
export type PhaseLabel = (typeof Phases)[number];

/** An upstream of the config, with the connections to it that stand. */
export interface KnownUpstream {
  readonly name: string;
  readonly connections: { readonly h1: number; readonly h2: number };
}

const DialSeconds = {
  name: "hawser_upstream_dial_seconds",
  help: "From the dial of an upstream's address for a WebSocket to its answer, or to its failure.",
  // 5 and 10 s are the defaults of connectTimeoutMs and answerTimeoutMs.
  edges: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30],
} as const;

const PhaseSeconds = {
  name: "hawser_opening_phase_seconds",
  help: "How long each part of an opening took: TLS handshake, admission, the dial of the upstream, its answer.",
  edges: [0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const;

/** The dials of one upstream. */
interface Dialed {
  readonly results: Map<DialResultLabel, number>;
  readonly seconds: Observations;
}

/** The metric families of upstreams, and of the parts of openings. */
export class DialMetrics {
  readonly #dials: Counter<"upstream" | "result">;
  readonly #connections: Gauge<"upstream" | "protocol">;
  readonly #dialed = new Map<string, Dialed>();
  readonly #phases: readonly (DistributionSeries & { readonly distribution: Observations })[];
  #upstreams: ReadonlySet<KnownUpstream> = new Set();

  /** The families are in `registry` from now on, but for those of {@link families}. */
  constructor(registry: Registry) {
    this.#dials = counterOf(
      registry,
      "hawser_upstream_dials_total",
      "Dials of upstreams' addresses for WebSockets, by what became of them.",
      ["upstream", "result"],
      () => this.#publishDials(),
    );
    this.#connections = gaugeOf(
      registry,
      "hawser_upstream_connections_open",
      "Connections to upstreams that stand, for WebSockets and for ordinary requests.",
      ["upstream", "protocol"],
      () => this.#publishConnections(),
    );
    this.#phases = Phases.flatMap((phase) =>
      Protocols.map((protocol) => ({
        labels: { phase, protocol },
        distribution: new Observations(PhaseSeconds.edges),
      })),
    );
  }

  /** The upstreams of the config from now on; one that has left it is told of as long as it has connections. */
  know(upstreams: readonly KnownUpstream[]): void {
    this.#upstreams = new Set([...upstreams, ...[...this.#upstreams].filter(isConnected)]);
    for (const { name } of upstreams) this.begin(name);
  }

  /** Begins with zeros for `upstream`. */
  begin(upstream: string): void {
    this.#dialedOf(upstream);
  }

  /** Drops all series of `upstream`. */
  forget(upstream: string): void {
    this.#dialed.delete(upstream);
  }

  dialOver({ upstream, result, seconds }: DialReport): void {
    const dialed = this.#dialedOf(upstream);
    dialed.results.set(result, (dialed.results.get(result) ?? 0) + 1);
    dialed.seconds.observe(seconds);
  }

  phaseOver(phase: PhaseLabel, protocol: Protocol, seconds: number): void {
    this.#phases[Phases.indexOf(phase) * Protocols.length + Protocols.indexOf(protocol)]?.distribution.observe(seconds);
  }

  /** What the registry cannot have, as it is now. */
  families(): MetricFamily[] {
    const seconds = Array.from(this.#dialed, ([upstream, dialed]) => ({
      labels: { upstream },
      distribution: dialed.seconds,
    }));
    return [histogramFamily(DialSeconds, seconds), histogramFamily(PhaseSeconds, this.#phases)];
  }

  #publishConnections(): void {
    this.#connections.reset();
    for (const { name: upstream, connections } of this.#upstreams) {
      for (const protocol of Protocols) this.#connections.inc({ upstream, protocol }, connections[protocol]);
    }
  }

  #publishDials(): void {
    this.#dials.reset();
    for (const [upstream, { results }] of this.#dialed) {
      for (const [result, count] of results) this.#dials.inc({ upstream, result: labelValue(result) }, count);
    }
  }

  #dialedOf(upstream: string): Dialed {
    const known = this.#dialed.get(upstream);
    if (known !== undefined) return known;
    const results = new Map(DialResults.map((result) => [result, 0] as const));
    const dialed = { results, seconds: new Observations(DialSeconds.edges) };
    this.#dialed.set(upstream, dialed);
    return dialed;
  }
}

/** What became of a dial. */
export interface DialReport {
  readonly upstream: string;
  readonly result: DialResultLabel;
  readonly seconds: number;
}

function isConnected({ connections }: KnownUpstream): boolean {
  return connections.h1 + connections.h2 > 0;
}
