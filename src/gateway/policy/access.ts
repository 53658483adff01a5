import type { BlockList } from "node:net";
import { HostList, OriginCheck } from "../../protocol/handshake/access.ts";
import { textRejection } from "../../protocol/handshake/opening-refusal.ts";
import type { FieldLines, OpeningRejection } from "../../protocol/handshake/opening-request.ts";
import { comparableHost, tryAuthority } from "../../protocol/handshake/request-target.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";
import type { AccessConfig, ClientRules, OriginRule, RouteConfig } from "../config/config.ts";
import { addressList, isListed } from "../routing/address-list.ts";

/** What somebody asks for. */
export interface AccessRequest {
  /** `opening`: a WebSocket. */
  readonly kind: "opening" | "request";
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly fields: FieldLines;
}

/** Which rule a request broke, and the answer to it. */
export interface AccessRefusal {
  readonly rule: keyof typeof Rejections;
  readonly rejection: OpeningRejection;
}

/** Nothing of the request is in them. */
const Rejections = {
  client: textRejection(403, "This client may not ask here."),
  host: textRejection(421, "This host is not answered here."),
  misdirected: textRejection(421, "This host is not answered on this connection."),
  origin: textRejection(403, "Pages of this origin may not open WebSockets here."),
} as const;

/** Who may ask for what, by one config: the rules of `access`, and of the routes besides. */
export class AccessPolicy {
  readonly #clients: ClientCheck;
  /** `undefined`: every host is answered. */
  readonly #hosts: HostList | undefined;
  /** Made at a route's first request. */
  readonly #routes = new WeakMap<RouteConfig, RouteRules>();

  constructor({ hosts, clients }: AccessConfig) {
    this.#clients = new ClientCheck(clients);
    this.#hosts = hosts.length === 0 ? undefined : new HostList(hosts);
  }

  /**
   * The first rule that `asked` breaks: the client's address, the host, whether the TLS handshake may lead to that host; then
   * of `route`, if one took it, the client's address and, for a WebSocket, the Origin. `undefined` if it breaks none.
   */
  judge(asked: AccessRequest, connection: ConnectionFacts, route: RouteConfig | undefined): AccessRefusal | undefined {
    const rule = this.#brokenRule(asked, connection, route);
    return rule === undefined ? undefined : { rule, rejection: Rejections[rule] };
  }

  #brokenRule(
    asked: AccessRequest,
    { remoteAddress, tls }: ConnectionFacts,
    route: RouteConfig | undefined,
  ): AccessRefusal["rule"] | undefined {
    if (!this.#clients.allows(remoteAddress)) return "client";
    const host = comparableHost(tryAuthority(asked.authority)?.host ?? "");
    if (this.#hosts?.has(host) === false) return "host";
    if (tls?.reaches(host) === false) return "misdirected";
    if (route === undefined) return undefined;
    const { clients, origins } = this.#rulesOf(route);
    if (!clients.allows(remoteAddress)) return "client";
    if (asked.kind === "opening" && !origins.allows(asked)) return "origin";
    return undefined;
  }

  #rulesOf(route: RouteConfig): RouteRules {
    let rules = this.#routes.get(route);
    if (rules === undefined) {
      rules = { clients: new ClientCheck(route.clients), origins: new OriginCheck(allowedOrigins(route.origins)) };
      this.#routes.set(route, rules);
    }
    return rules;
  }
}

interface RouteRules {
  readonly clients: ClientCheck;
  readonly origins: OriginCheck;
}

function allowedOrigins(rule: OriginRule): readonly string[] | "any" {
  switch (rule.type) {
    case "same":
      return [];
    case "list":
      return rule.origins;
    case "any":
      return "any";
    default:
      return rule satisfies never;
  }
}

/** {@link ClientRules} that are asked for each request. */
class ClientCheck {
  /** `undefined`: nobody. */
  readonly #deny: BlockList | undefined;
  /** `undefined`: everybody who is not denied. */
  readonly #allow: BlockList | undefined;

  constructor({ allow, deny }: ClientRules) {
    this.#deny = deny.length === 0 ? undefined : addressList(deny);
    this.#allow = allow.length === 0 ? undefined : addressList(allow);
  }

  /** Whether a client with this address may ask; one whose address is not known is not on any list. */
  allows(address: string): boolean {
    return !isListed(address, this.#deny) && (this.#allow === undefined || isListed(address, this.#allow));
  }
}
