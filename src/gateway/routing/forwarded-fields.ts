import { type BlockList, isIP } from "node:net";
import {
  fieldValues,
  isToken,
  listMembers,
  withoutHopByHop,
  withoutNames,
} from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";
import { isListed, plainAddress } from "./address-list.ts";

/** What each request is told anew here; of a trusted proxy it is read before. */
const Written: ReadonlySet<string> = new Set([
  "client-cert",
  "client-cert-chain",
  "forwarded",
  "hawser-stream",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** A node of `Forwarded` that has a port (RFC 7239 §6): the address may be in brackets. */
const NodeWithPort = /^(?:\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+):\d{1,5}$/;

/** What {@link upstreamFields} reads of an opening or an ordinary request. */
export interface ForwardedRequest {
  /** The `Host` field or `:authority`, as received. */
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: "1.1" | "2";
  /** Every field line as received. */
  readonly fields: FieldLines;
}

/**
 * The field lines for the upstream, without `host`: those of the client without what belongs to its own connection and
 * handshake, and at the end who it is: `X-Forwarded-For`, `-Proto` (`https` or `http`, never `wss`) and `-Host`, `Forwarded`
 * (RFC 7239), `Client-Cert` (RFC 9440) where it has shown a certificate, and `hawser-stream` with HTTP version, connection
 * and stream.
 *
 * What the client says of itself in `X-Forwarded-*`, `X-Real-IP` and `Forwarded` is dropped, unless its address is one
 * of `trustedProxies`: then it is passed on with our part behind it, and where there is only `X-Forwarded-For`,
 * `Forwarded` says the same. `Client-Cert`, `Client-Cert-Chain` and `hawser-stream` are always ours.
 */
export function upstreamFields(
  request: ForwardedRequest,
  connection: ConnectionFacts,
  streamId: number,
  trustedProxies: BlockList,
): FieldLines {
  const address = plainAddress(connection.remoteAddress);
  const trusted = isListed(address, trustedProxies);
  const isDropped = (name: string) => {
    if (name === "host" || name.startsWith("sec-websocket-")) return true;
    // Backends that speak CGI read `X_Forwarded_For` as `X-Forwarded-For`.
    const read = name.replaceAll("_", "-");
    return Written.has(read) || (!trusted && (read === "x-real-ip" || read.startsWith("x-forwarded-")));
  };
  return [
    // The client's Connection field goes first: it could name our own fields as hop-by-hop.
    ...withoutNames(withoutHopByHop(request.fields), isDropped),
    ...forwardedFields(request, address, trusted ? request.fields : []),
    ...certificateFields(connection),
    "hawser-stream",
    `http=${request.httpVersion}; connection=${connection.id}; stream=${streamId}`,
  ];
}

/** The certificate as a byte sequence of structured fields (RFC 9440 §2.2, RFC 8941 §3.3.5). */
function certificateFields({ tls }: ConnectionFacts): FieldLines {
  const shown = tls?.clientCertificate;
  return shown === undefined ? [] : ["client-cert", `:${Buffer.from(shown.raw).toString("base64")}:`];
}

function forwardedFields({ authority, scheme }: ForwardedRequest, address: string, before: FieldLines): FieldLines {
  const addresses = listMembers(fieldValues(before, "x-forwarded-for"));
  const elements = fieldValues(before, "forwarded");
  const earlier = elements.length > 0 ? elements : addresses.map((one) => `for=${node(one)}`);
  const own = `for=${node(address)};host=${tokenOrQuoted(authority)};proto=${scheme}`;
  const chain = address === "" ? addresses : [...addresses, address];
  return [
    ...(chain.length === 0 ? [] : ["x-forwarded-for", chain.join(", ")]),
    "x-forwarded-proto",
    fieldValues(before, "x-forwarded-proto")[0] ?? scheme,
    "x-forwarded-host",
    fieldValues(before, "x-forwarded-host")[0] ?? authority,
    "forwarded",
    [...earlier, own].join(", "),
  ];
}

/** `address` as a node of RFC 7239 §6; what is no address becomes `unknown`. */
function node(address: string): string {
  if (isIP(address) === 6) return `"[${address}]"`;
  if (isIP(address) === 4) return address;
  return NodeWithPort.test(address) ? `"${address}"` : "unknown";
}

function tokenOrQuoted(text: string): string {
  return isToken(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
