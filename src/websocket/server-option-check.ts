import { H2EngineNames, type H2Options } from "../transport/h2-acceptor.ts";
import { ConnectionNumbers } from "./connection-options.ts";
import { checkHandler, HandlerRule } from "./handler-check.ts";
import { ExtensionList, FieldLineList } from "./handshake-rules.ts";
import { Limit, type NumberRule } from "./number-rules.ts";
import {
  Callback,
  checkGroup,
  checkOptions,
  checkRequired,
  Flag,
  Group,
  isObject,
  listOf,
  oneOf,
  type OptionRules,
  Text,
  type ValueRule,
} from "./option-rules.ts";
import type { Rate } from "./opening-rate.ts";
import { DeadlineNumbers, HeaderNumbers, Http2Numbers, RateNumbers, TcpNumbers } from "./server-numbers.ts";
import { DefaultServerOptions, type Endpoint, type OpeningRules, type ServerRules } from "./server-options.ts";
import { checkServerTls, ServerTlsRule } from "./server-tls-check.ts";

const NewServer = "new WebSocketServer()";

/** A list of texts, or who decides. */
function listed(example: string, word?: string): ValueRule {
  const allowed = `a list such as ["${example}"]${word === undefined ? "" : `, "${word}"`} or a function`;
  const isWord = (value: unknown): boolean => word !== undefined && value === word;
  return {
    allowed,
    items: Text,
    isAllowed: (value) => Array.isArray(value) || typeof value === "function" || isWord(value),
  };
}

const OfOpenings: OptionRules<OpeningRules> = {
  ...ConnectionNumbers,
  handler: HandlerRule,
  authorize: Callback,
  origins: listed("https://app.example.com", "any"),
  hosts: listed("example.com"),
  subprotocols: listed("chat"),
  subprotocolRequired: Flag,
  extensions: ExtensionList,
  maxConnections: Limit,
};

const OfEndpoints: OptionRules<Endpoint> = {
  ...OfOpenings,
  path: {
    allowed: "a path such as /chat or /rooms/*, or a function",
    isAllowed: (value) => typeof value === "string" || typeof value === "function",
  },
};

const OfServers: OptionRules<ServerRules> = {
  ...OfOpenings,
  endpoints: listOf(Group, 'a list such as [{ path: "/chat", handler }]'),
  fields: FieldLineList,
  onRequest: Callback,
  onError: Callback,
  maxConnectionsPerAddress: Limit,
  maxConnectionsPerHttp2Connection: Limit,
  openingRate: Group,
  maxBacklog: { ...Limit, from: 0 },
  headers: Group,
  deadlines: Group,
  tcp: Group,
  http2: Group,
  tls: ServerTlsRule,
  protocols: {
    allowed: 'a list such as ["h2", "http/1.1"]',
    items: oneOf(DefaultServerOptions.protocols),
    isAllowed: (value) => Array.isArray(value) && value.length > 0,
  },
  proxyProtocol: {
    allowed: "a BlockList of node:net",
    isAllowed: (value) => isObject(value) && "check" in value && typeof value.check === "function",
  },
};

const OfHttp2: OptionRules<H2Options> = { ...Http2Numbers, engine: oneOf(H2EngineNames) };
const OfRates: Readonly<Record<keyof Rate, NumberRule>> = RateNumbers;

/** What is tried on a server, and where it belongs. */
const NotOfServers: Readonly<Record<string, string>> = {
  host: "it is one of listen()",
  port: "it is one of listen()",
  path: "it is one of listen(), of attach() and of each of endpoints",
  server: "write attach(server)",
  drainMs: "it is one of close()",
};

/** By the names of a server's options, that they are those of a server: for who gives them elsewhere. */
export const OfNewServer: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(OfServers).map((name) => [name, `it is one of ${NewServer}`]),
);

/**
 * Holds the options of a server, its endpoints included, to what they may be.
 *
 * @throws TypeError for an unknown one, for a value that is of no use and for PEM that is none; RangeError for a number that is
 *   not allowed. Each names the option.
 */
export function checkServerOptions(options: ServerRules): void {
  const example = "new WebSocketServer({ handler })";
  checkOptions(options, OfServers, { of: NewServer, example, elsewhere: NotOfServers });
  checkHandler(options.handler, "handler");
  checkGroup(options.openingRate, OfRates, { of: NewServer, owner: "openingRate." });
  if (options.openingRate) checkRequired(options.openingRate, ["perSecond", "burst"], "openingRate.");
  checkGroup(options.headers, HeaderNumbers, { of: NewServer, owner: "headers." });
  checkGroup(options.deadlines, DeadlineNumbers, { of: NewServer, owner: "deadlines." });
  checkGroup(options.tcp, TcpNumbers, { of: NewServer, owner: "tcp." });
  checkGroup(options.http2, OfHttp2, { of: NewServer, owner: "http2." });
  checkServerTls(options.tls, NewServer);
  for (const [i, endpoint] of (options.endpoints ?? []).entries()) checkEndpoint(endpoint, `endpoints[${i}].`);
}

function checkEndpoint(endpoint: Endpoint, owner: string): void {
  checkGroup(endpoint, OfEndpoints, { of: "an endpoint", owner, elsewhere: OfNewServer });
  checkRequired(endpoint, ["path"], owner);
  checkHandler(endpoint.handler, `${owner}handler`);
}
