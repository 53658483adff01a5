import { clientOf } from "../../transport/client-address.ts";
import { isLoopback } from "../config/addresses.ts";
import type { AdminConfig } from "../config/config.ts";
import { plainAddress } from "../routing/address-list.ts";
import { plain, type WholeAnswer } from "./admin-answer.ts";
import type { AdminRequest, Audience } from "./admin-endpoint.ts";
import { challengeOf, isAuthorized } from "./credentials.ts";
import { FailureBudget } from "./failure-budget.ts";
import { isOwnName, tryPageObjection } from "./page-rule.ts";

/** Whom the guard lets in. */
export type GuardRules = Pick<AdminConfig, "auth" | "hosts">;

const Closed =
  "only for programs on this machine; admin.auth in the config, a token or user and password, opens it to others";

/** Decides who may ask what on the admin port. */
export class AdminGuard {
  readonly #failures: FailureBudget;
  readonly #onLockedOut: () => void;
  #rules: GuardRules;

  /**
   * @param onLockedOut - told when somebody has shown so many wrong credentials that nothing it shows is looked at for a while.
   * @param now - milliseconds, from whenever.
   */
  constructor(rules: GuardRules, onLockedOut: () => void, now: () => number = () => performance.now()) {
    this.#rules = rules;
    this.#onLockedOut = onLockedOut;
    this.#failures = new FailureBudget(now);
  }

  /** Goes by `rules` from now on. */
  update(rules: GuardRules): void {
    this.#rules = rules;
  }

  /** The answer to one who may not ask, with the cure; `undefined` for one who may. */
  tryRefusal(request: AdminRequest, audience: Audience): WholeAnswer | undefined {
    const { hosts } = this.#rules;
    if (audience === "everybody") return undefined;
    if (audience === "page") {
      if (isOwnName(request.fields.host ?? "", hosts)) return this.#tryStranger(request);
      return plain(403, "the Host is neither localhost nor an IP address; admin.hosts lists the names that are taken");
    }
    const objection = tryPageObjection(request, hosts);
    return objection === undefined ? (this.#tryStranger(request) ?? this.#tryUnknown(request)) : plain(403, objection);
  }

  /** Where nobody has credentials, other machines get nothing. */
  #tryStranger({ address }: AdminRequest): WholeAnswer | undefined {
    return this.#rules.auth !== undefined || isLoopback(plainAddress(address)) ? undefined : plain(403, Closed);
  }

  #tryUnknown({ address, fields }: AdminRequest): WholeAnswer | undefined {
    const { auth } = this.#rules;
    if (auth === undefined) return undefined;
    const challenge = { "www-authenticate": challengeOf(auth) };
    const shown = fields.authorization;
    if (shown === undefined) return plain(401, "credentials are needed: those of admin.auth in the config", challenge);
    const client = clientOf(address);
    const waitMs = this.#failures.waitOf(client);
    if (waitMs !== undefined) {
      const seconds = String(Math.ceil(waitMs / 1_000));
      return plain(429, `too many wrong credentials, try again in ${seconds} s`, { "retry-after": seconds });
    }
    if (isAuthorized(shown, auth)) return undefined;
    if (this.#failures.failed(client, shown)) this.#onLockedOut();
    return plain(401, "wrong credentials: those of admin.auth in the config are needed", challenge);
  }
}
