/** So often may one client show what is wrong, before nothing that it shows is looked at for a while. */
const MaxFailures = 10;
const WindowMs = 60_000;
/** More clients than that are no people who mistype; the one that failed first is forgotten. */
const MaxClients = 1_024;

interface Failures {
  count: number;
  readonly until: number;
}

/** Counts failures of each client, and says when it had too many. */
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
    return left > 0 && failures.count >= MaxFailures ? left : undefined;
  }

  /** `client` has failed once more. Returns whether that was once too often: it has to wait from now on. */
  failed(client: string): boolean {
    const failures = this.#failures.get(client);
    if (failures !== undefined && failures.until > this.#now()) {
      failures.count += 1;
      return failures.count === MaxFailures;
    }
    this.#failures.delete(client);
    const [first] = this.#failures.keys();
    if (first !== undefined && this.#failures.size >= MaxClients) this.#failures.delete(first);
    this.#failures.set(client, { count: 1, until: this.#now() + WindowMs });
    return false;
  }
}
