import type { Registry } from "prom-client";
import { counterOf, gaugeOf } from "./metric-family.ts";

/** What became of an attempt to take a changed config over. */
const ReloadResults = ["applied", "unchanged", "refused"] as const;
export type ReloadLabel = (typeof ReloadResults)[number];

/** When a certificate ends. */
export interface CertificateExpiry {
  readonly listener: string;
  /** From the config: the certificate's first server name, or its place in the list. */
  readonly certificate: string;
  readonly expiresAt: Date;
}

/** What all clients together may have, as the config says it. */
export interface LimitsInForce {
  readonly maxStreams: number;
  readonly maxConnections: number;
}

/** The metric families of the config: which one is in force, its limits, how reloads went, when its certificates end. */
export class ConfigMetrics {
  readonly #generation;
  readonly #reloads;
  readonly #takenOverAt;
  readonly #expiry;
  readonly #maxStreams;
  readonly #maxConnections;

  /** The families are in `registry` from now on. */
  constructor(registry: Registry) {
    this.#generation = gaugeOf(
      registry,
      "hawser_config_generation",
      "Number of the config in force: 1 is the one of the start, each reload that is applied adds 1.",
      [],
    );
    this.#reloads = counterOf(
      registry,
      "hawser_config_reloads_total",
      "Attempts to take a changed config over, by what became of them.",
      ["result"],
    );
    this.#takenOverAt = gaugeOf(
      registry,
      "hawser_config_last_reload_timestamp_seconds",
      "When the config in force was taken over, in seconds since the epoch.",
      [],
    );
    this.#expiry = gaugeOf(
      registry,
      "hawser_certificate_expiry_timestamp_seconds",
      "When a certificate ends, in seconds since the epoch.",
      ["listener", "certificate"],
    );
    this.#maxStreams = gaugeOf(registry, "hawser_streams_max", "WebSockets that may be open at once.", []);
    this.#maxConnections = gaugeOf(
      registry,
      "hawser_client_connections_max",
      "TCP connections of clients that may be open at once.",
      [],
    );
    for (const result of ReloadResults) this.#reloads.inc({ result }, 0);
  }

  /** Config number `generation`, counted from 1, is in force from now on. */
  generation(generation: number): void {
    this.#generation.set(generation);
    this.#takenOverAt.set(Date.now() / 1000);
  }

  /** What may be open from now on. */
  limits({ maxStreams, maxConnections }: LimitsInForce): void {
    this.#maxStreams.set(maxStreams);
    this.#maxConnections.set(maxConnections);
  }

  /** A reload was tried. */
  reload(result: ReloadLabel): void {
    this.#reloads.inc({ result });
  }

  /**
   * `certificates` are all there are from now on: the series of others are gone. Of two with one name the first to end
   * counts.
   */
  certificates(certificates: readonly CertificateExpiry[]): void {
    this.#expiry.reset();
    const firstToEndLast = certificates.toSorted((one, other) => other.expiresAt.getTime() - one.expiresAt.getTime());
    for (const { listener, certificate, expiresAt } of firstToEndLast) {
      this.#expiry.set({ listener, certificate }, expiresAt.getTime() / 1000);
    }
  }
}
