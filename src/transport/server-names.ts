import { isIP } from "node:net";

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
      for (const name of names.map(comparableName)) {
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
    const comparable = comparableName(name);
    const firstDot = comparable.indexOf(".");
    const wildcard = firstDot > 0 ? `*${comparable.slice(firstDot)}` : undefined;
    return this.#byName.get(comparable) ?? (wildcard === undefined ? undefined : this.#byName.get(wildcard)) ?? Default;
  }
}

function comparableName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
