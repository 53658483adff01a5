import type { Counter, Registry } from "prom-client";
import type { H2Observer } from "../../transport/h2-observer.ts";
import { histogramFamily, Observations } from "./distribution.ts";
import { counterOf } from "./metric-family.ts";
import type { MetricFamily } from "./metric-samples.ts";

/** The error codes of RFC 9113 §7 by their numbers. */
const Codes = [
  ...(["no_error", "protocol_error", "internal_error", "flow_control_error", "settings_timeout"] as const),
  ...(["stream_closed", "frame_size_error", "refused_stream", "cancel", "compression_error"] as const),
  ...(["connect_error", "enhance_your_calm", "inadequate_security", "http_1_1_required"] as const),
];
const AllCodes = [...Codes, "other"] as const;
const Directions = ["sent", "received"] as const;

const StreamsPerConnection = {
  name: "hawser_h2_streams_per_connection",
  help: "How many streams were open at once, at the most, on the HTTP/2 connections that ended.",
  // Browsers have up to 100, 250 or 256 WebSockets on a connection, by what they and we let them.
  edges: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
} as const;

type CodeLabel = "listener" | "direction" | "code";

/** The metric families of clients' HTTP/2 connections, below the WebSockets. */
export class H2Metrics {
  readonly #resets: Counter<CodeLabel>;
  readonly #goAways: Counter<CodeLabel>;
  readonly #stalls: Counter<"listener">;
  /** By listener. */
  readonly #streams = new Map<string, Observations>();

  /** The families are in `registry` from now on, but for that of {@link families}. */
  constructor(registry: Registry) {
    this.#resets = counterOf(
      registry,
      "hawser_h2_resets_total",
      "RST_STREAM on streams of clients, by who sent it and its error code (RFC 9113 section 7).",
      ["listener", "direction", "code"],
    );
    this.#goAways = counterOf(
      registry,
      "hawser_h2_goaways_total",
      "GOAWAY on connections of clients, by who sent it and its error code; those of one goodbye count once.",
      ["listener", "direction", "code"],
    );
    this.#stalls = counterOf(
      registry,
      "hawser_h2_flow_control_stalls_total",
      "How often something for a client had to wait, since a window was used up. Only the engine hawser can tell.",
      ["listener"],
    );
  }

  /** Begins with zeros for `listener`. */
  begin(listener: string): void {
    this.#stalls.inc({ listener }, 0);
    this.#streamsOf(listener);
    for (const direction of Directions) {
      for (const code of AllCodes) {
        this.#resets.inc({ listener, direction, code }, 0);
        this.#goAways.inc({ listener, direction, code }, 0);
      }
    }
  }

  /** Drops all series of `listener`. */
  forget(listener: string): void {
    this.#stalls.remove({ listener });
    this.#streams.delete(listener);
    for (const direction of Directions) {
      for (const code of AllCodes) {
        this.#resets.remove({ listener, direction, code });
        this.#goAways.remove({ listener, direction, code });
      }
    }
  }

  /** Who is told of the connections of `listener`. */
  observerOf(listener: string): H2Observer {
    return {
      reset: (direction, code) => this.#resets.inc({ listener, direction, code: codeLabel(code) }),
      goAway: (direction, code) => this.#goAways.inc({ listener, direction, code: codeLabel(code) }),
      stalled: () => this.#stalls.inc({ listener }),
      over: (mostStreams) => this.#streamsOf(listener).observe(mostStreams),
    };
  }

  /** What the registry cannot have, as it is now. */
  families(): MetricFamily[] {
    const series = Array.from(this.#streams, ([listener, distribution]) => ({ labels: { listener }, distribution }));
    return [histogramFamily(StreamsPerConnection, series)];
  }

  #streamsOf(listener: string): Observations {
    let streams = this.#streams.get(listener);
    if (!streams) this.#streams.set(listener, (streams = new Observations(StreamsPerConnection.edges)));
    return streams;
  }
}

function codeLabel(code: number): (typeof AllCodes)[number] {
  return Codes[code] ?? "other";
}
