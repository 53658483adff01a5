import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import { counterOf, gaugeOf, histogramOf, labelValue } from "./metric-family.ts";
import {
  Protocols,
  type RouteLabels,
  type StreamClose,
  type StreamObserver,
  type StreamRecord,
  type StreamRegistry,
  type StreamTotals,
} from "./stream-registry.ts";

const StreamLabels = ["route", "upstream", "protocol"] as const;
type StreamLabel = (typeof StreamLabels)[number];

/** The opcodes (RFC 6455 §5.2) as label values: each is also the field of {@link Traffic} that counts it. */
const Opcodes = ["continuation", "text", "binary", "close", "ping", "pong"] as const satisfies (keyof Traffic)[];

/**
 * Seconds. The edges from 15 s to 1 h are where proxies and clients commonly give up an idle stream, so that something that
 * cuts streams shows as one full bucket; what fails at once stands below them, what lasts for days above.
 */
const DurationBuckets = [0.1, 1, 5, 15, 30, 60, 120, 300, 900, 3600, 14_400, 43_200, 86_400];

/** The metric families of WebSockets, written from the registry's sums when somebody scrapes. */
export class StreamMetrics implements StreamObserver {
  readonly #streams: StreamRegistry;
  readonly #open: Gauge<StreamLabel>;
  readonly #opened: Counter<StreamLabel>;
  readonly #bytes: Counter<StreamLabel | "direction">;
  readonly #frames: Counter<StreamLabel | "direction" | "opcode">;
  readonly #closes: Counter<StreamLabel | "initiator" | "code" | "cause">;
  readonly #duration: Histogram<StreamLabel>;

  /** Observes `streams`; the families are in `registry` from now on. */
  constructor(streams: StreamRegistry, registry: Registry) {
    this.#streams = streams;
    this.#open = gaugeOf(registry, "hawser_streams_open", "WebSockets open now.", StreamLabels);
    this.#opened = counterOf(registry, "hawser_streams_opened_total", "WebSockets opened.", StreamLabels);
    this.#bytes = counterOf(
      registry,
      "hawser_stream_bytes_total",
      "Bytes of WebSocket frames, headers included, counted while the stream is open.",
      [...StreamLabels, "direction"],
    );
    this.#frames = counterOf(
      registry,
      "hawser_stream_frames_total",
      "WebSocket frames by opcode, counted while the stream is open.",
      [...StreamLabels, "direction", "opcode"],
    );
    this.#closes = counterOf(
      registry,
      "hawser_stream_closes_total",
      "WebSockets ended, by who began it, close code (RFC 6455 section 7.4) and cause.",
      [...StreamLabels, "initiator", "code", "cause"],
    );
    this.#duration = histogramOf(
      registry,
      "hawser_stream_duration_seconds",
      "How long the WebSockets that ended were open.",
      StreamLabels,
      DurationBuckets,
    );
    streams.observe(this);
  }

  closed({ route, upstream, protocol, openedAt }: StreamRecord, _ending: StreamClose, now: number): void {
    this.#duration.observe({ route, upstream, protocol }, (now - openedAt) / 1000);
  }

  /** Drops what no sum of the registry would renew. */
  forgot({ route, upstream }: RouteLabels): void {
    for (const protocol of Protocols) this.#duration.remove({ route, upstream, protocol });
  }

  /** Sets the families to the sums of this moment, all of them to the same. */
  publish(): void {
    for (const family of [this.#open, this.#opened, this.#bytes, this.#frames, this.#closes]) family.reset();
    for (const totals of this.#streams.totals()) this.#publishTotals(totals);
  }

  #publishTotals({ route, upstream, protocol, open, opened, toUpstream, toClient, closes }: StreamTotals): void {
    const labels = { route, upstream, protocol };
    this.#open.set(labels, open);
    this.#opened.inc(labels, opened);
    this.#publishTraffic({ ...labels, direction: "to_upstream" }, toUpstream);
    this.#publishTraffic({ ...labels, direction: "to_client" }, toClient);
    for (const { initiator, code, cause, count } of closes) {
      this.#closes.inc({ ...labels, initiator, code, cause: labelValue(cause) }, count);
    }
  }

  #publishTraffic(labels: Readonly<Record<StreamLabel | "direction", string>>, traffic: Traffic): void {
    this.#bytes.inc(labels, traffic.bytes);
    for (const opcode of Opcodes) this.#frames.inc({ ...labels, opcode }, traffic[opcode]);
  }
}
