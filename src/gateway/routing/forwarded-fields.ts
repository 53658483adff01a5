import { type BlockList, isIP } from "node:net";
import { fieldValues, hopByHopNames, isToken, listMembers } from "../../protocol/handshake/field-values.ts";
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

/** What stands for something else in a quoted string (RFC 9110 §5.6.4). */
const ToEscape = /["\\]/;

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
  trustedProxies: BlockList | undefined,
): FieldLines {
  const address = plainAddress(connection.remoteAddress);
  const trusted = isListed(address, trustedProxies);
  const lines: string[] = [];
  const { fields } = request;
  const isHopByHop = hopByHopNames(fields);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (!isHopByHop(name) && !isDropped(name, trusted)) lines.push(name, fields[i + 1]!);
  }
  // Behind it, since the client's Connection field could name our own fields as hop-by-hop.
  pushForwarded(lines, request, address, trusted ? fields : []);
  pushCertificate(lines, connection);
  lines.push("hawser-stream", `http=${request.httpVersion}; connection=${connection.id}; stream=${streamId}`);
  return lines;
}

function isDropped(name: string, trusted: boolean): boolean {
  if (name === "host" || name.startsWith("sec-websocket-")) return true;
  // Backends that speak CGI read `X_Forwarded_For` as `X-Forwarded-For`.
  const read = name.includes("_") ? name.replaceAll("_", "-") : name;
  return Written.has(read) || (!trusted && (read === "x-real-ip" || read.startsWith("x-forwarded-")));
}

/** The certificate as a byte sequence of structured fields (RFC 9440 §2.2, RFC 8941 §3.3.5). */
function pushCertificate(lines: string[], { tls }: ConnectionFacts): void {
  const shown = tls?.clientCertificate;
  if (shown !== undefined) lines.push("client-cert", `:${Buffer.from(shown.raw).toString("base64")}:`);
}

/** @param before - what is believed of those in front; empty for a client of whom nothing is. */
function pushForwarded(
  lines: string[],
  { authority, scheme }: ForwardedRequest,
  address: string,
  before: FieldLines,
): void {
  const own = `for=${node(address)};host=${tokenOrQuoted(authority)};proto=${scheme}`;
  if (before.length === 0) {
    if (address !== "") lines.push("x-forwarded-for", address);
    lines.push("x-forwarded-proto", scheme, "x-forwarded-host", authority, "forwarded", own);
    return;
  }
  const addresses = listMembers(fieldValues(before, "x-forwarded-for"));
  const elements = fieldValues(before, "forwarded");
  const earlier = elements.length > 0 ? elements : addresses.map((one) => `for=${node(one)}`);
  const chain = address === "" ? addresses : [...addresses, address];
  if (chain.length > 0) lines.push("x-forwarded-for", chain.join(", "));
  lines.push("x-forwarded-proto", fieldValues(before, "x-forwarded-proto")[0] ?? scheme);
  lines.push("x-forwarded-host", fieldValues(before, "x-forwarded-host")[0] ?? authority);
  lines.push("forwarded", [...earlier, own].join(", "));
}

/** `address` as a node of RFC 7239 §6; what is no address becomes `unknown`. */
function node(address: string): string {
  const family = isIP(address);
  if (family === 6) return `"[${address}]"`;
  if (family === 4) return address;
  return NodeWithPort.test(address) ? `"${address}"` : "unknown";
}

function tokenOrQuoted(text: string): string {
  if (isToken(text)) return text;
  return ToEscape.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`;
}
