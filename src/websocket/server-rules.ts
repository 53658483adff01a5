import { HostList, OriginCheck, tryHostPattern } from "../protocol/handshake/access.ts";
import { isToken } from "../protocol/handshake/field-values.ts";
import { chooseSubprotocol } from "../protocol/handshake/negotiation.ts";
import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { comparableHost, tryAuthority } from "../protocol/handshake/request-target.ts";
import type { ExtensionNegotiator } from "../protocol/message/extension.ts";
import type { ConnectionFacts } from "../transport/opening.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { WebSocketHandler } from "./handler.ts";
import type { WebSocketRequest } from "./request.ts";
import type { Authorize, Endpoint, OpeningRules, SubprotocolSelector, ServerRules } from "./server-options.ts";
import { pathMatcher } from "./server-path.ts";
import { withDefaults } from "./with-defaults.ts";

const WrongHost = textRejection(421, "This host is not answered here.");
const Misdirected = textRejection(421, "This host is not answered on this connection.");
const WrongOrigin = textRejection(403, "Pages of this origin may not open WebSockets here.");

/**
 * {@link OpeningRules} as they are applied: those of the server, or of one of its endpoints. That `authorize` and handler are of
 * the same data is between them, and held by the types of the options.
 */
export class ServedRules {
  /** What its openings are counted under. */
  readonly name: string;
  readonly maxStreams: number | undefined;
  readonly handler: WebSocketHandler | undefined;
  readonly authorize: Authorize<unknown> | undefined;
  readonly subprotocolRequired: boolean;
  readonly extensions: readonly ExtensionNegotiator[];
  readonly connection: ConnectionOptions;
  readonly #origins: OriginCheck;
  readonly #hasHost: (host: string) => boolean;
  readonly #selectSubprotocol: SubprotocolSelector;

  /**
   * @param owner - what they are options of, with its dot, such as `endpoints[0].`.
   * @param maxStreams - of these rules alone.
   * @throws TypeError for an origin, a host or a subprotocol that is none.
   */
  constructor(name: string, owner: string, rules: OpeningRules, maxStreams: number | undefined) {
    const { handler, authorize, origins, hosts, subprotocols, subprotocolRequired, extensions, ...connection } = rules;
    this.name = name;
    this.maxStreams = maxStreams;
    this.handler = handler;
    this.authorize = authorize;
    this.subprotocolRequired = subprotocolRequired ?? false;
    this.extensions = extensions ?? [];
    this.connection = connection;
    this.#origins = new OriginCheck(origins ?? []);
    this.#hasHost = hostPredicate(hosts, `${owner}hosts`);
    this.#selectSubprotocol = subprotocolSelector(subprotocols ?? [], `${owner}subprotocols`);
  }

  /** The answer to an opening that breaks a rule about hosts or origins, in this order; `undefined` for one that breaks none. */
  tryRefuse(request: WebSocketRequest, { tls }: ConnectionFacts): OpeningRejection | undefined {
    const host = comparableHost(tryAuthority(request.authority)?.host ?? "");
    if (!this.#hasHost(host)) return WrongHost;
    if (tls?.reaches(host) === false) return Misdirected;
    return this.#origins.allows(request) ? undefined : WrongOrigin;
  }

  /**
   * The subprotocol to answer.
   *
   * @param chosen - by `authorize`.
   * @throws TypeError where one is chosen that the client has not offered.
   */
  subprotocolFor(request: WebSocketRequest, chosen: string | undefined): string | undefined {
    const subprotocol = chosen ?? this.#selectSubprotocol(request.subprotocols, request);
    if (subprotocol !== undefined && !request.subprotocols.includes(subprotocol)) {
      throw new TypeError(`subprotocol ${JSON.stringify(subprotocol)} was chosen, which the client has not offered`);
    }
    return subprotocol;
  }
}

/** The rules of a server and its endpoints. */
export class RuleBook {
  readonly #endpoints: readonly {
    readonly takes: (request: WebSocketRequest) => boolean;
    readonly rules: ServedRules;
  }[];
  /** For what no endpoint takes; `undefined`: 404. */
  readonly #own: ServedRules | undefined;

  /** @throws TypeError for a rule that is none. */
  constructor(options: ServerRules) {
    const { endpoints = [], handler } = options;
    const own = new ServedRules("server", "", options, undefined);
    this.#endpoints = endpoints.map((endpoint, i) => {
      const owner = `endpoints[${i}].`;
      const rules = withDefaults<OpeningRules>(options, endpoint);
      return {
        takes: taker(endpoint.path, `${owner}path`),
        rules: new ServedRules(`endpoint ${i}`, owner, rules, endpoint.maxConnections),
      };
    });
    this.#own = handler !== undefined || endpoints.length === 0 ? own : undefined;
  }

  /** Whether a handler takes every connection. */
  get hasAllHandlers(): boolean {
    const all = [this.#own, ...this.#endpoints.map(({ rules }) => rules)];
    return all.every((rules) => rules === undefined || rules.handler !== undefined);
  }

  /** The rules for `request`, or `undefined` where nothing is. */
  find(request: WebSocketRequest): ServedRules | undefined {
    return this.#endpoints.find(({ takes }) => takes(request))?.rules ?? this.#own;
  }
}

function taker(path: Endpoint["path"], option: string): (request: WebSocketRequest) => boolean {
  if (typeof path === "function") return path;
  const matches = pathMatcher(path, option);
  return (request) => matches(request.path);
}

function hostPredicate(hosts: OpeningRules["hosts"], option: string): (host: string) => boolean {
  if (hosts === undefined) return () => true;
  if (typeof hosts === "function") return hosts;
  const list = new HostList(hosts.map((written) => hostPattern(written, option)));
  return (host) => list.has(host);
}

function hostPattern(written: string, option: string): string {
  const pattern = tryHostPattern(written);
  if (pattern === undefined) {
    throw new TypeError(`${option}: ${JSON.stringify(written)} is none such as example.com or *.example.com`);
  }
  return pattern;
}

function subprotocolSelector(
  subprotocols: readonly string[] | SubprotocolSelector,
  option: string,
): SubprotocolSelector {
  if (typeof subprotocols === "function") return subprotocols;
  const wrong = subprotocols.find((subprotocol) => !isToken(subprotocol));
  if (wrong !== undefined) throw new TypeError(`${option}: ${JSON.stringify(wrong)} is no token (RFC 9110 §5.6.2)`);
  return (offered) => chooseSubprotocol(subprotocols, offered);
}
