import { encodeFieldLines } from "../protocol/handshake/field-values.ts";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import type { Secure, UpstreamAddress } from "./upstream-address.ts";

/** An HTTP proxy that is asked for a connection by CONNECT (RFC 9110 §9.3.6). */
export interface HttpProxy {
  /** Where it listens, with TLS where it is reached over that. */
  readonly address: UpstreamAddress;
  /** What `trySecure` gave for the address. */
  readonly secure: Secure | undefined;
  /** The value of `Proxy-Authorization`, or `undefined` for none. */
  readonly authorization: string | undefined;
}

/**
 * The CONNECT request for a connection to `transport`, head only, to be written as latin1.
 *
 * @throws TypeError for a unix socket, which no proxy reaches, and for an authorization that is no field value.
 */
export function encodeProxyConnect(
  transport: UpstreamAddress["transport"],
  { authorization }: Pick<HttpProxy, "authorization">,
): string {
  if (transport.type === "unix") throw new TypeError("proxy: none reaches a unix socket");
  const authority = formatAuthority(transport);
  const lines = ["Host", authority];
  if (authorization !== undefined) lines.push("Proxy-Authorization", authorization);
  return `CONNECT ${authority} HTTP/1.1\r\n${encodeFieldLines(lines)}\r\n`;
}
