import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { ClientCertificate } from "./opening.ts";

/** How clients of a TLS server name identify themselves by certificate (mTLS). */
export interface ClientCertificateRule {
  /** The authorities believed, as PEM text. */
  readonly ca: string;
  /** `true`: no handshake without one. `false`: a client may have none, but not a wrong one. */
  readonly required: boolean;
}

/**
 * What node:tls is told to ask of clients by `rule`.
 *
 * @throws Error if `ca` is no certificate, which node:tls would take for none to believe or, empty, for all it comes with.
 */
export function verifyOptions(rule: ClientCertificateRule | undefined): {
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
} {
  if (rule === undefined) return { requestCert: false, rejectUnauthorized: false };
  void new X509Certificate(rule.ca);
  return { requestCert: true, rejectUnauthorized: rule.required, ca: rule.ca };
}

/**
 * The certificate that the client of a finished handshake has shown, `undefined` where it has none and need not, or
 * `"refused"` where it breaks `rule`.
 */
export function judgeClientCertificate(
  socket: TLSSocket,
  rule: ClientCertificateRule | undefined,
): ClientCertificate | "refused" | undefined {
  if (rule === undefined) return undefined;
  // A session that is resumed without a certificate counts as authorized in node:tls, so that alone says nothing.
  if (socket.getPeerX509Certificate() === undefined) return rule.required ? "refused" : undefined;
  return verifiedCertificate(socket) ?? "refused";
}

/** The certificate that the client of a finished handshake has shown, if node:tls has verified it. */
export function verifiedCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const shown = socket.getPeerX509Certificate();
  return shown !== undefined && socket.authorized ? certificateOf(shown) : undefined;
}

/** Whether who has satisfied `rule` has shown all that `other` asks for. */
export function satisfies(rule: ClientCertificateRule | undefined, other: ClientCertificateRule | undefined): boolean {
  if (other === undefined) return true;
  return rule !== undefined && rule.ca === other.ca && (rule.required || !other.required);
}

function certificateOf({ subject, fingerprint256, raw }: X509Certificate): ClientCertificate {
  // Node puts the first element on the first line; RFC 4514 §2.1 begins with the last.
  const name = (subject ?? "").split("\n").toReversed().join(",");
  return { subject: name, fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(), raw };
}
