import { ClientProtocols } from "../transport/client-dialer.ts";
import type { ClientTls, ConnectOptions } from "./connect-options.ts";
import { ConnectionNumbers } from "./connection-options.ts";
import { ExtensionList, FieldLineList } from "./handshake-rules.ts";
import { checkHandler, HandlerRule } from "./handler-check.ts";
import { Count, Milliseconds } from "./number-rules.ts";
import {
  checkGroup,
  checkOptions,
  Flag,
  Group,
  isObject,
  listOf,
  oneOf,
  type OptionRules,
  Text,
} from "./option-rules.ts";
import { checkCertificates, checkPrivateKey, PemRule } from "./pem.ts";

const Rules: OptionRules<ConnectOptions> = {
  ...ConnectionNumbers,
  openingMs: Milliseconds,
  maxRedirects: { ...Count, from: 0 },
  protocol: oneOf(ClientProtocols),
  subprotocols: listOf(Text, 'a list such as ["chat"]'),
  extensions: ExtensionList,
  fields: FieldLineList,
  origin: Text,
  tls: Group,
  socketPath: Text,
  proxy: {
    allowed: "a URL",
    isAllowed: (value) => typeof value === "string" || (isObject(value) && "href" in value),
    isSecret: true,
  },
  proxyTls: Group,
  signal: { allowed: "an AbortSignal", isAllowed: (value) => isObject(value) && "aborted" in value },
  handler: HandlerRule,
};

const TlsRules: OptionRules<ClientTls> = {
  ca: PemRule,
  cert: PemRule,
  key: PemRule,
  serverName: Text,
  verify: Flag,
};

const OfTls = "it is one of tls";

/** What else is tried, and where it belongs. */
const Elsewhere: Readonly<Record<string, string>> = {
  ...{ ca: OfTls, cert: OfTls, key: OfTls, serverName: OfTls, verify: OfTls },
  headers: 'write fields: ["name", "value"]',
  reconnect: "it is one of reconnecting()",
  subprotocols: "they are its second argument",
  handler: "it has events",
  signal: "it has close()",
};

/** All but what a WebSocket of browsers has a way of its own for. */
const { subprotocols: _, handler: _handler, signal: _signal, ...OfBrowsers } = Rules;

type ConnectOptionsTaker = "connect()" | "new WebSocketClient()" | "reconnecting()" | "new WebSocket()";

/** Who takes options of a client, and what it takes. */
const Takers: Readonly<
  Record<ConnectOptionsTaker, { readonly example: string; readonly rules: OptionRules<Record<string, unknown>> }>
> = {
  "connect()": { example: 'connect(url, { subprotocols: ["chat"] })', rules: Rules },
  "new WebSocketClient()": { example: "new WebSocketClient({ openingMs: 5_000 })", rules: Rules },
  "reconnecting()": {
    example: 'reconnecting(url, { subprotocols: ["chat"] })',
    rules: { ...Rules, reconnect: Group },
  },
  "new WebSocket()": {
    example: "new WebSocket(url, protocols, { openingMs: 5_000 })",
    rules: { ...OfBrowsers, client: { allowed: "a WebSocketClient", isAllowed: hasConnect } },
  },
};

/**
 * Holds the options that `of` is given to what they may be.
 *
 * @throws TypeError for an unknown one, for a value that is of no use, for PEM that is none, and for a certificate without its
 *   key; RangeError for a number that is not allowed. Each names the option.
 */
export function checkConnectOptions(options: ConnectOptions, of: ConnectOptionsTaker): void {
  const { rules, example } = Takers[of];
  checkOptions(options, rules, { of, example, elsewhere: Elsewhere });
  checkHandler(options.handler, "handler");
  checkTls(options.tls, "tls", of);
  checkTls(options.proxyTls, "proxyTls", of);
}

function hasConnect(value: unknown): boolean {
  return isObject(value) && "connect" in value && typeof value.connect === "function";
}

function checkTls(tls: ClientTls | undefined, option: "tls" | "proxyTls", of: ConnectOptionsTaker): void {
  if (tls === undefined) return;
  checkGroup(tls, TlsRules, { of, owner: `${option}.` });
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError(
      `${option}.${cert === undefined ? "cert" : "key"} is missing: a certificate and its key go together`,
    );
  if (ca !== undefined) checkCertificates(ca, `${option}.ca`);
  if (cert !== undefined) checkCertificates(cert, `${option}.cert`);
  if (key !== undefined) checkPrivateKey(key, `${option}.key`);
}
