import type { Counter, Gauge, Registry } from "prom-client";
import { MessageSizeEdges } from "../../protocol/frame/message-sizes.ts";
import { histogramFamily, Observations, summedDistribution, type DistributionSeries } from "./distribution.ts";
import { counterOf, gaugeOf, labelValue } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";
import {
  PingEdges,
  Protocols,
  type RouteLabels,
  type StreamClose,
  type StreamObserver,
  type StreamRecord,
  type StreamRegistry,
  type StreamTotals,
} from "./stream-registry.ts";
import { TrafficMetrics } from "./traffic-metrics.ts";

const StreamLabels = ["route", "upstream", "protocol"] as const;
type StreamLabel = (typeof StreamLabels)[number];

const DurationSeconds = {
  name: "hawser_stream_duration_seconds",
  help: "How long the WebSockets that ended were open.",
  // The edges from 15 s to 1 h are where proxies and clients commonly give up an idle stream, so that something that cuts
  // streams shows as one full bucket; what fails at once stands below them, what lasts for days above.
  edges: [0.1, 1, 5, 15, 30, 60, 120, 300, 900, 3600, 14_400, 43_200, 86_400],
} as const;

const MessageBytes = {
  name: "hawser_message_bytes",
  help: "How large whole WebSocket messages are on the wire: the payload of all their frames.",
  edges: MessageSizeEdges,
} as const;

const PingSeconds = {
  name: "hawser_ping_rtt_seconds",
  help: "From a Ping that passes through, or is a handler's, to the Pong that answers it.",
  edges: PingEdges,
} as const;

type Labels = Readonly<Record<StreamLabel, string>>;

/** How long streams with the same labels were open. */
interface Durations {
  readonly labels: Labels;
  readonly distribution: Observations;
}

/** The metric families of WebSockets, written from the registry's sums when somebody scrapes. */
export class StreamMetrics implements StreamObserver {
  readonly #streams: StreamRegistry;
  readonly #open: Gauge<StreamLabel>;
  readonly #opened: Counter<StreamLabel>;
  readonly #traffic: TrafficMetrics;
  readonly #closes: Counter<StreamLabel | "initiator" | "code" | "cause">;
  readonly #durations = new Map<string, Durations>();
  /** Of the stream that ended last: mostly the next one's too. */
  #lastDurations: Durations | undefined;

  /** Observes `streams`; the families are in `registry` from now on. */
  constructor(streams: StreamRegistry, registry: Registry) {
    this.#streams = streams;
    this.#open = gaugeOf(registry, "hawser_streams_open", "WebSockets open now.", StreamLabels);
    this.#opened = counterOf(registry, "hawser_streams_opened_total", "WebSockets opened.", StreamLabels);
    this.#traffic = new TrafficMetrics(registry);
    this.#closes = counterOf(
      registry,
      "hawser_stream_closes_total",
      "WebSockets ended, by who began it, close code (RFC 6455 section 7.4) and cause.",
      [...StreamLabels, "initiator", "code", "cause"],
    );
    streams.observe(this);
  }

  closed(record: StreamRecord, _ending: StreamClose, now: number): void {
    this.#durationsOf(record).distribution.observe((now - record.openedAt) / 1000);
  }

  /** Drops what no sum of the registry would renew. */
  forgot({ route, upstream }: RouteLabels): void {
    this.#lastDurations = undefined;
    for (const protocol of Protocols) this.#durations.delete(keyOf({ route, upstream, protocol }));
  }

  /** Sets the families to the sums of this moment, all of them to the same; returns those that the registry cannot have. */
  publish(): MetricFamily[] {
    const totals = this.#streams.totals();
    for (const family of [this.#open, this.#opened, this.#closes]) family.reset();
    this.#traffic.publish(totals);
    for (const one of totals) this.#publishTotals(one);
    const durations = histogramFamily(DurationSeconds, this.#durations.values());
    return [durations, histogramFamily(MessageBytes, sizesOf(totals)), histogramFamily(PingSeconds, pingsOf(totals))];
  }

  #durationsOf({ route, upstream, protocol }: Labels): Durations {
    const last = this.#lastDurations;
    const isLast =
      last?.labels.route === route && last.labels.upstream === upstream && last.labels.protocol === protocol;
    if (isLast) return last;
    const labels = { route, upstream, protocol };
    const key = keyOf(labels);
    const known = this.#durations.get(key) ?? { labels, distribution: new Observations(DurationSeconds.edges) };
    this.#durations.set(key, known);
    this.#lastDurations = known;
    return known;
  }

  #publishTotals({ route, upstream, protocol, open, opened, closes }: StreamTotals): void {
    const labels = { route, upstream, protocol };
    this.#open.set(labels, open);
    this.#opened.inc(labels, opened);
    for (const { initiator, code, cause, count } of closes) {
      this.#closes.inc({ ...labels, initiator, code, cause: labelValue(cause) }, count);
    }
  }
}

function keyOf({ route, upstream, protocol }: Labels): string {
  return JSON.stringify([route, upstream, protocol]);
}

/** By route, since a size says nothing of the protocol. */
function sizesOf(totals: readonly StreamTotals[]): DistributionSeries[] {
  const byRoute = Map.groupBy(totals, ({ route }) => route);
  return Array.from(byRoute, ([route, parts]) => [
    {
      labels: { route, direction: "to_upstream" },
      distribution: summedDistribution(parts.map(({ sizesToUpstream }) => sizesToUpstream)),
    },
    {
      labels: { route, direction: "to_client" },
      distribution: summedDistribution(parts.map(({ sizesToClient }) => sizesToClient)),
    },
  ]).flat();
}

/** A route that has had several upstreams is one series. */
function pingsOf(totals: readonly StreamTotals[]): DistributionSeries[] {
  const bySeries = Map.groupBy(totals, ({ route, protocol }) => `${protocol} ${route}`);
  return Array.from(bySeries.values(), (parts) => {
    const { route, protocol } = parts[0]!;
    return { labels: { route, protocol }, distribution: summedDistribution(parts.map(({ pings }) => pings)) };
  });
}
