import type { Counter, Registry } from "prom-client";
import { counterOf } from "./metric-family.ts";
import { Protocols, type Protocol } from "./stream-registry.ts";

/** The rules of access, each of which is also the result of what was refused by it but for that of the client's address. */
const RuleOfResult: Readonly<Record<string, AccessRule>> = {
  client_denied: "client",
  host: "host",
  misdirected: "misdirected",
  origin: "origin",
};
const AccessRules = ["client", "host", "misdirected", "origin"] as const;
type AccessRule = (typeof AccessRules)[number];

/** The metric family of what the rules of access refuse, WebSockets and ordinary requests. */
export class AccessMetrics {
  readonly #refused: Counter<"route" | "rule" | "protocol">;

  /** The family is in `registry` from now on. */
  constructor(registry: Registry) {
    this.#refused = counterOf(
      registry,
      "hawser_access_refused_total",
      "Openings and ordinary requests that a rule of access refused, by which one.",
      ["route", "rule", "protocol"],
    );
  }

  /** Begins with zeros for `route`. */
  begin(route: string): void {
    for (const rule of AccessRules) {
      for (const protocol of Protocols) this.#refused.inc({ route, rule, protocol }, 0);
    }
  }

  /** Drops all series of `route`. */
  forget(route: string): void {
    for (const rule of AccessRules) {
      for (const protocol of Protocols) this.#refused.remove({ route, rule, protocol });
    }
  }

  /** Something of `route` ended with `result`; it counts where that is the refusal of a rule. */
  over(route: string, protocol: Protocol, result: string): void {
    const rule = RuleOfResult[result];
    if (rule !== undefined) this.#refused.inc({ route, rule, protocol });
  }
}
