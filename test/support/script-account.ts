import { CountedFrames } from "./counted-frames.ts";
import { seriesOf } from "./exposition.ts";

/** How clients come. */
export interface Way {
  readonly name: string;
  readonly protocol: "h1" | "h2";
  readonly engine: "node" | "hawser";
}

/** A script's own account of what it plays: which series are to be there, and what they are to say. */
export class ScriptAccount {
  readonly toUpstream = new CountedFrames("client");
  readonly toClient = new CountedFrames("server");
  readonly handlerToUpstream = new CountedFrames("client");
  readonly handlerToClient = new CountedFrames("server");
  readonly expected = new Map<string, number>();
  /** RST_STREAM, both ways. */
  resets = 0;
  readonly #way: Way;

  constructor(way: Way) {
    this.#way = way;
  }

  /** Adds to what a series is to be. */
  count(name: string, labels: Readonly<Record<string, string>>, value = 1): void {
    const series = seriesOf(`hawser_${name}`, labels);
    this.expected.set(series, (this.expected.get(series) ?? 0) + value);
  }

  opening(route: string, result: string): void {
    const { protocol } = this.#way;
    this.count("openings_total", { route, protocol, result });
    this.count("opening_duration_seconds_count", { route, protocol });
  }

  /** A connection of clients on which `streams` were open at once. */
  connection(streams: number): void {
    const { protocol } = this.#way;
    this.count("client_connections_total", { listener: "main", protocol });
    if (protocol === "h1") return;
    this.count("h2_streams_per_connection_count", { listener: "main" });
    this.count("h2_streams_per_connection_sum", { listener: "main" }, streams);
    this.count("h2_goaways_total", { listener: "main", direction: "received", code: "no_error" });
  }

  /** RST_STREAM; there is none over HTTP/1.1. */
  h2Reset(direction: "sent" | "received", code: string): void {
    if (this.#way.protocol === "h1") return;
    this.resets += 1;
    this.count("h2_resets_total", { listener: "main", direction, code });
  }

  pings(route: string, count: number): void {
    this.count("ping_rtt_seconds_count", { route, protocol: this.#way.protocol }, count);
  }

  dialed(upstream: string, result: string): void {
    this.count("upstream_dials_total", { upstream, result });
    this.count("upstream_dial_seconds_count", { upstream });
  }

  refusedOrigin(route: string): void {
    this.opening(route, "origin");
    this.count("access_refused_total", { route, rule: "origin", protocol: this.#way.protocol });
  }

  refusedByUpstream(route: string, upstream: string, result: "unreachable" | "refused"): void {
    this.opening(route, `upstream_${result}`);
    this.dialed(upstream, result);
  }

  close(route: string, upstream: string, how: Readonly<Record<"initiator" | "code" | "cause", string>>): void {
    const { protocol } = this.#way;
    this.opening(route, "accepted");
    this.count("streams_opened_total", { route, upstream, protocol });
    this.count("stream_duration_seconds_count", { route, upstream, protocol });
    this.count("stream_closes_total", { route, upstream, protocol, ...how });
  }

  /** Puts the frames that were counted into the account. */
  settle(): void {
    this.#settle("relay", "backend", "to_upstream", this.toUpstream);
    this.#settle("relay", "backend", "to_client", this.toClient);
    this.#settle("handler", "echo", "to_upstream", this.handlerToUpstream);
    this.#settle("handler", "echo", "to_client", this.handlerToClient);
  }

  #settle(route: string, upstream: string, direction: string, counted: CountedFrames): void {
    const labels = { route, upstream, protocol: this.#way.protocol, direction };
    this.count("stream_bytes_total", labels, counted.bytes);
    this.count("stream_messages_total", labels, counted.messages);
    for (const [opcode, count] of counted.frames) this.count("stream_frames_total", { ...labels, opcode }, count);
    for (const [le, count] of counted.sizesUpTo()) this.count("message_bytes_bucket", { route, direction, le }, count);
    const sum = counted.sizes.reduce((all, size) => all + size, 0);
    this.count("message_bytes_sum", { route, direction }, sum);
    this.count("message_bytes_count", { route, direction }, counted.sizes.length);
  }
}
