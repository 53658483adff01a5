import { Store } from "./store.ts";

const Key = "hawser-authorization";

/** What somebody signs in with. */
export type Credentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string };

/**
 * Who asks. Credentials live in memory, or where somebody wants it in the tab's `sessionStorage`; there are no cookies, so
 * another page cannot use them.
 */
export class Session {
  /** Whether the admin port wants credentials, and whether it has just refused some. */
  readonly demand = new Store<"none" | "wanted" | "refused">("none");
  readonly #storage: Storage;
  #authorization: string | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#authorization = storage.getItem(Key) ?? undefined;
  }

  /** The value of the Authorization field. */
  get authorization(): string | undefined {
    return this.#authorization;
  }

  /** Uses `credentials` from now on. */
  signIn(credentials: Credentials, { keep }: { readonly keep: boolean }): void {
    this.#authorization = authorizationOf(credentials);
    if (keep) this.#storage.setItem(Key, this.#authorization);
    this.demand.set("none");
  }

  /** Forgets them. */
  signOut(): void {
    this.#authorization = undefined;
    this.#storage.removeItem(Key);
    this.demand.set("wanted");
  }

  /** The admin port did not take `authorization`. Of answers to an earlier one nothing follows. */
  refuse(authorization: string | undefined): void {
    if (authorization !== this.#authorization) return;
    this.#authorization = undefined;
    this.#storage.removeItem(Key);
    this.demand.set(authorization === undefined && this.demand.value !== "refused" ? "wanted" : "refused");
  }
}

/** The Authorization field (RFC 6750 §2.1, RFC 7617 §2 with UTF-8). */
function authorizationOf(credentials: Credentials): string {
  if (credentials.kind === "token") return `Bearer ${credentials.token}`;
  const bytes = new TextEncoder().encode(`${credentials.user}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
