import { createHash } from "node:crypto";

/** So many wrong credentials may one client show, before nothing that it shows is looked at for a while. */
const MaxFailures = 10;
const WindowMs = 60_000;
/** More clients than that are no people who mistype; the one that failed first is forgotten. */
const MaxClients = 1_024;

interface Failures {
  /** Digests of what it has shown. */
  readonly shown: Set<string>;
  readonly until: number;
}

/**
 * Counts the wrong credentials of each client, and says when they were too many. The same ones count once: who guesses shows
 * others, and a program that still has those of yesterday must not shut out the people beside it.
 */
export class FailureBudget {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  /** @param now - milliseconds, from whenever. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many milliseconds `client` is to wait, or `undefined` if it may try. */
  waitOf(client: string): number | undefined {
    const failures = this.#failures.get(client);
    if (failures === undefined) return undefined;
    const left = failures.until - this.#now();
    if (left <= 0) this.#failures.delete(client);
    return left > 0 && failures.shown.size >= MaxFailures ? left : undefined;
  }

  /** `client` has failed with `credentials`. Returns whether those were too many: it has to wait from now on. */
  failed(client: string, credentials: string): boolean {
    const digest = createHash("sha256").update(credentials).digest("base64");
    const failures = this.#failures.get(client);
    if (failures !== undefined && failures.until > this.#now()) {
      const before = failures.shown.size;
      failures.shown.add(digest);
      return before < MaxFailures && failures.shown.size === MaxFailures;
    }
    this.#failures.delete(client);
    const [first] = this.#failures.keys();
    if (first !== undefined && this.#failures.size >= MaxClients) this.#failures.delete(first);
    this.#failures.set(client, { shown: new Set([digest]), until: this.#now() + WindowMs });
    return false;
  }
}
