import type { Counter, Registry } from "prom-client";
import type { Traffic } from "../../protocol/frame/traffic.ts";
import { counterOf } from "./metric-family.ts";
import type { StreamTotals } from "./stream-registry.ts";
import { messagesOf } from "./traffic-sums.ts";

/** The opcodes (RFC 6455 §5.2) as label values: each is also the field of {@link Traffic} that counts it. */
const Opcodes = ["continuation", "text", "binary", "close", "ping", "pong"] as const satisfies (keyof Traffic)[];

const DirectionLabels = ["route", "upstream", "protocol", "direction"] as const;
type DirectionLabel = (typeof DirectionLabels)[number];

/** The metric families of what passes on WebSockets, each way. */
export class TrafficMetrics {
  readonly #bytes: Counter<DirectionLabel>;
  readonly #frames: Counter<DirectionLabel | "opcode">;
  readonly #messages: Counter<DirectionLabel>;
  readonly #backpressure: Counter<"route" | "protocol" | "direction">;

  /** The families are in `registry` from now on. */
  constructor(registry: Registry) {
    this.#bytes = counterOf(
      registry,
      "hawser_stream_bytes_total",
      "Bytes of WebSocket frames, headers included, counted while the stream is open.",
      DirectionLabels,
    );
    this.#frames = counterOf(
      registry,
      "hawser_stream_frames_total",
      "WebSocket frames by opcode, counted while the stream is open.",
      [...DirectionLabels, "opcode"],
    );
    this.#messages = counterOf(
      registry,
      "hawser_stream_messages_total",
      "WebSocket messages begun, counted while the stream is open.",
      DirectionLabels,
    );
    this.#backpressure = counterOf(
      registry,
      "hawser_backpressure_seconds_total",
      "How long senders were held back since their receivers were full, all streams together.",
      ["route", "protocol", "direction"],
    );
  }

  /** Sets the families to `totals`. */
  publish(totals: readonly StreamTotals[]): void {
    for (const family of [this.#bytes, this.#frames, this.#messages, this.#backpressure]) family.reset();
    for (const { route, upstream, protocol, toUpstream, toClient } of totals) {
      const labels = { route, upstream, protocol };
      this.#publish({ ...labels, direction: "to_upstream" }, toUpstream);
      this.#publish({ ...labels, direction: "to_client" }, toClient);
    }
  }

  #publish(labels: Readonly<Record<DirectionLabel, string>>, traffic: Traffic): void {
    this.#bytes.inc(labels, traffic.bytes);
    for (const opcode of Opcodes) this.#frames.inc({ ...labels, opcode }, traffic[opcode]);
    this.#messages.inc(labels, messagesOf(traffic));
    const { route, protocol, direction } = labels;
    this.#backpressure.inc({ route, protocol, direction }, traffic.heldMs / 1000);
  }
}
