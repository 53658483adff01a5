import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import type { StreamClose, StreamObserver, StreamRecord, StreamRegistry, StreamTotals } from "./stream-registry.ts";

const StreamLabels = ["route", "upstream", "protocol"] as const;

/** Opcodes (RFC 6455 §5.2) as label values, and the field of {@link Traffic} that counts each. */
const Opcodes = ["continuation", "text", "binary", "close", "ping", "pong"] as const satisfies (keyof Traffic)[];

/**
 * Seconds. The edges are where proxies and clients commonly give up (15 s, 30 s, 60 s, 2 min, 5 min, 15 min, 1 h), so that
 * something that cuts streams shows as one full bucket; below them connections that fail at once, above them half days.
 */
const DurationBuckets = [0.1, 1, 5, 15, 30, 60, 120, 300, 900, 3600, 14_400, 43_200, 86_400];

/** The metric families of WebSockets, written from the registry's sums when somebody scrapes. */
export class StreamMetrics implements StreamObserver {
  readonly #streams: StreamRegistry;
  readonly #open;
  readonly #opened;
  readonly #bytes;
  readonly #frames;
  readonly #closes;
  readonly #duration;

  constructor(streams: StreamRegistry, registry: Registry) {
    this.#streams = streams;
    const registers = [registry];
    this.#open = new Gauge({
      name: "hawser_streams_open",
      help: "WebSockets open now.",
      labelNames: StreamLabels,
      registers,
    });
    this.#opened = new Counter({
      name: "hawser_streams_opened_total",
      help: "WebSockets opened.",
      labelNames: StreamLabels,
      registers,
    });
    this.#bytes = new Counter({
      name: "hawser_stream_bytes_total",
      help: "Bytes of WebSocket frames passed on, headers included, while streams are open too.",
      labelNames: [...StreamLabels, "direction"],
      registers,
    });
    this.#frames = new Counter({
      name: "hawser_stream_frames_total",
      help: "WebSocket frames passed on, while streams are open too.",
      labelNames: [...StreamLabels, "direction", "opcode"],
      registers,
    });
    this.#closes = new Counter({
      name: "hawser_stream_closes_total",
      help: "WebSockets ended, by who began it, close code (RFC 6455 section 7.4) and cause.",
      labelNames: [...StreamLabels, "initiator", "code", "cause"],
      registers,
    });
    this.#duration = new Histogram({
      name: "hawser_stream_duration_seconds",
      help: "How long ended WebSockets had been open.",
      labelNames: StreamLabels,
      buckets: DurationBuckets,
      registers,
    });
    streams.observe(this);
  }

  closed({ route, upstream, protocol, openedAt }: StreamRecord, _ending: StreamClose, now: number): void {
    this.#duration.observe({ route, upstream, protocol }, (now - openedAt) / 1000);
  }

  /** Brings the families up to date, all from one moment. */
  publish(): void {
    for (const family of [this.#opened, this.#bytes, this.#frames, this.#closes]) family.reset();
    for (const totals of this.#streams.totals()) this.#publishTotals(totals);
  }

  #publishTotals({ route, upstream, protocol, open, opened, toUpstream, toClient, closes }: StreamTotals): void {
    const labels = { route, upstream, protocol };
    this.#open.set(labels, open);
    this.#opened.inc(labels, opened);
    this.#publishTraffic({ ...labels, direction: "to_upstream" }, toUpstream);
    this.#publishTraffic({ ...labels, direction: "to_client" }, toClient);
    for (const { initiator, code, cause, count } of closes) {
      this.#closes.inc({ ...labels, initiator, code: codeLabel(code), cause }, count);
    }
  }

  #publishTraffic(
    labels: Readonly<Record<"route" | "upstream" | "protocol" | "direction", string>>,
    traffic: Traffic,
  ): void {
    this.#bytes.inc(labels, traffic.bytes);
    for (const opcode of Opcodes) this.#frames.inc({ ...labels, opcode }, traffic[opcode]);
  }
}

/** A close code as one of few words, since a peer may send any: registered ones by number (RFC 6455 §7.4.1, IANA). */
function codeLabel(code: number): string {
  if (code >= 1000 && code <= 1015) return String(code);
  if (code >= 3000 && code <= 3999) return "3xxx";
  if (code >= 4000 && code <= 4999) return "4xxx";
  return "other";
}
