import { isIP } from "node:net";
import { comparableHost, wildcardOf } from "../protocol/handshake/request-target.ts";

/** The number of the certificate presented where no name leads to another. */
const Default = 0;

/**
 * Which of several certificates is presented for a TLS server name. An exact name is preferred to a wildcard, and
 * `*.example.com` stands for one label: `a.example.com`, not `a.b.example.com` (RFC 9525 §6.3).
 */
export class ServerNames {
  readonly #byName = new Map<string, number>();

  /** @param certificates - the names of each; of two certificates with the same name the first counts. */
  constructor(certificates: readonly (readonly string[])[]) {
    for (const [number, names] of certificates.entries()) {
      for (const name of names.map(comparableHost)) {
        if (!this.#byName.has(name)) this.#byName.set(name, number);
      }
    }
  }

  /**
   * The number of the certificate for `name`, in any case and with or without a final dot; that of the first where nothing
   * fits. An address is no server name (RFC 6066 §3) and leads to the first too, as does no name at all.
   */
  find(name: string | undefined): number {
    if (name === undefined || name.startsWith("[") || isIP(name) !== 0) return Default;
    const comparable = comparableHost(name);
    return this.#byName.get(comparable) ?? this.#byName.get(wildcardOf(comparable)) ?? Default;
  }
}
