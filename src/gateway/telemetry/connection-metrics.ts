import type { Counter, Gauge, Registry } from "prom-client";
import { ConnectionAbuses, type ConnectionAbuse } from "../../transport/connection-abuse.ts";
import type { ConnectionFailure } from "../../transport/listener-observer.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";
import type { LimitKind } from "./limit-kind.ts";
import { counterOf, gaugeOf, labelValue } from "./metric-family.ts";
import { Protocols, protocolOf } from "./stream-registry.ts";

/** Every reason, and the limit that was hit where it is one. */
const LimitOfFailure = {
  tls: undefined,
  alpn: undefined,
  "client-certificate": undefined,
  "proxy-protocol": undefined,
  deadline: undefined,
  "client-left": undefined,
  limit: "connections",
  "address-limit": "connections_per_address",
  accept: "descriptors",
} as const satisfies Readonly<Record<ConnectionFailure, LimitKind | undefined>>;

/** The limit that a connection which failed for `reason` ran into, if it did. */
export function limitOfFailure(reason: ConnectionFailure): LimitKind | undefined {
  return LimitOfFailure[reason];
}

/** The metric families of the TCP connections that clients make. */
export class ConnectionMetrics {
  readonly #open: Gauge<"listener" | "protocol">;
  readonly #opened: Counter<"listener" | "protocol">;
  readonly #failed: Counter<"listener" | "reason">;
  readonly #abusive: Counter<"listener" | "reason">;

  /**
   * The families are in `registry` from now on. `handshakesWaiting` is asked at each scrape how many connections wait for
   * their turn to shake hands.
   */
  constructor(registry: Registry, handshakesWaiting: () => number) {
    this.#open = gaugeOf(registry, "hawser_client_connections_open", "TCP connections of clients open now.", [
      "listener",
      "protocol",
    ]);
    this.#opened = counterOf(
      registry,
      "hawser_client_connections_total",
      "TCP connections of clients that spoke HTTP.",
      ["listener", "protocol"],
    );
    this.#failed = counterOf(
      registry,
      "hawser_client_connections_failed_total",
      "TCP connections of clients that never came as far as HTTP, by reason.",
      ["listener", "reason"],
    );
    this.#abusive = counterOf(
      registry,
      "hawser_client_connections_abusive_total",
      "HTTP/2 connections that were ended since their client had spent a budget, by reason.",
      ["listener", "reason"],
    );
    const waiting: Gauge = gaugeOf(
      registry,
      "hawser_handshakes_waiting",
      "TCP connections of clients that wait for their turn to shake hands.",
      [],
      () => waiting.set(handshakesWaiting()),
    );
  }

  /** Begins with zeros for `listener`. */
  begin(listener: string): void {
    for (const protocol of Protocols) {
      this.#open.inc({ listener, protocol }, 0);
      this.#opened.inc({ listener, protocol }, 0);
    }
    for (const reason of Object.keys(LimitOfFailure)) this.#failed.inc({ listener, reason: labelValue(reason) }, 0);
    for (const reason of ConnectionAbuses) this.#abusive.inc({ listener, reason: labelValue(reason) }, 0);
  }

  /** Drops all series of `listener`. */
  forget(listener: string): void {
    for (const protocol of Protocols) {
      this.#open.remove({ listener, protocol });
      this.#opened.remove({ listener, protocol });
    }
    for (const reason of Object.keys(LimitOfFailure)) this.#failed.remove({ listener, reason: labelValue(reason) });
    for (const reason of ConnectionAbuses) this.#abusive.remove({ listener, reason: labelValue(reason) });
  }

  opened(connection: ConnectionFacts): void {
    const labels = { listener: connection.listener, protocol: protocolOf(connection) };
    this.#opened.inc(labels);
    this.#open.inc(labels);
  }

  closed(connection: ConnectionFacts): void {
    this.#open.dec({ listener: connection.listener, protocol: protocolOf(connection) });
  }

  failed(listener: string, reason: ConnectionFailure): void {
    this.#failed.inc({ listener, reason: labelValue(reason) });
  }

  abused(listener: string, reason: ConnectionAbuse): void {
    this.#abusive.inc({ listener, reason: labelValue(reason) });
  }
}
