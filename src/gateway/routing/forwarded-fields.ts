import { BlockList, isIP } from "node:net";
import { fieldValues, isToken, listMembers, withoutNames } from "../../protocol/handshake/field-values.ts";
import type { FieldLines, OpeningRequest } from "../../protocol/handshake/opening-request.ts";
import { withoutHandshakeFields } from "../../protocol/handshake/upgrade.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";

/** What each request is told anew here; of a trusted proxy it is read before. */
const Written: ReadonlySet<string> = new Set([
  "forwarded",
  "hawser-stream",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** A node of `Forwarded` that has a port (RFC 7239 §6): the address may be in brackets. */
const NodeWithPort = /^(?:\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+):\d{1,5}$/;

/** `networks`, IP addresses and networks in CIDR notation, as a list that `isTrusted` asks. */
export function trustedProxyList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * The field lines for the upstream: those of the client without what belongs to its own connection and handshake, and
 * at the end who it is: `X-Forwarded-For`, `-Proto` (`https` or `http`, never `wss`) and `-Host`, `Forwarded` (RFC
 * 7239) and `hawser-stream` with HTTP version, connection and stream.
 *
 * What the client says of itself in `X-Forwarded-*`, `X-Real-IP` and `Forwarded` is dropped, unless its address is one
 * of `trustedProxies`: then it is passed on with our part behind it, and where there is only `X-Forwarded-For`,
 * `Forwarded` says the same. `hawser-stream` is always ours.
 */
export function upstreamFields(
  request: OpeningRequest,
  connection: ConnectionFacts,
  streamId: number,
  trustedProxies: BlockList,
): FieldLines {
  const address = plainAddress(connection.remoteAddress);
  const trusted = isTrusted(address, trustedProxies);
  const isDropped = (name: string) => {
    // Backends that speak CGI read `X_Forwarded_For` as `X-Forwarded-For`.
    const read = name.replaceAll("_", "-");
    return Written.has(read) || (!trusted && (read === "x-real-ip" || read.startsWith("x-forwarded-")));
  };
  return [
    // The client's Connection field goes first: it could name our own fields as hop-by-hop.
    ...withoutNames(withoutHandshakeFields(request.fields), isDropped),
    ...forwardedFields(request, address, trusted ? request.fields : []),
    "hawser-stream",
    `http=${request.httpVersion}; connection=${connection.id}; stream=${streamId}`,
  ];
}

function forwardedFields({ authority, scheme }: OpeningRequest, address: string, before: FieldLines): FieldLines {
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

/**
 * `address` of a socket as other programs write it: an IPv4 address that came in over an IPv6 socket
 * (`::ffff:192.0.2.1`) as IPv4, an IPv6 address without the name of the interface.
 */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

/** Says whether `address`, in the form of {@link plainAddress}, is one of `proxies`. */
function isTrusted(address: string, proxies: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 6 ? "ipv6" : "ipv4");
}
