import { constants, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:tls";
import { verifyOptions, type ClientCertificateRule } from "./client-certificate.ts";

/** Certificate chain and private key, as PEM text. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate, and who sees it. */
export interface ServerCertificate extends TlsIdentity {
  /** The TLS server names it is presented for; `*.example.com` stands for one label. */
  readonly serverNames: readonly string[];
  /** `undefined`: clients are not asked for one of theirs. */
  readonly clientCertificates: ClientCertificateRule | undefined;
}

/** A protocol as ALPN names it (RFC 7301, RFC 9113 §3.1). */
export type AlpnProtocol = "h2" | "http/1.1";

/** The largest that a timer takes: whoever hands a connection over has a deadline of its own. */
const NoTimeoutMs = 2_147_483_647;

/**
 * A server for the handshakes of one certificate, at least TLS 1.2, that never listens: connections are emitted on it. Its
 * sessions are its own: a ticket of another server, even of one with the same certificate, leads to a full handshake. So
 * nobody brings along what another rule about client certificates has let through.
 *
 * @throws Error of node:tls or node:crypto for a certificate, key or authority that is none, or a key of another certificate.
 */
export function createTlsServer(
  { certificate, key, clientCertificates }: ServerCertificate,
  protocols: readonly AlpnProtocol[],
): Server {
  return createServer({
    ...verifyOptions(clientCertificates),
    cert: certificate,
    key,
    minVersion: "TLSv1.2",
    ALPNProtocols: [...protocols],
    handshakeTimeout: NoTimeoutMs,
    // HTTP/2 forbids it (RFC 9113 §9.2.1), and a certificate is judged once, at the beginning.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // The ticket keys are made by OpenSSL for each server; this keeps sessions apart a second time.
    sessionIdContext: randomBytes(16).toString("hex"),
  });
}

/** Whether a server made for `one` can serve for `other`: whether they differ in names alone. */
export function isSameServer(one: ServerCertificate, other: ServerCertificate): boolean {
  const [rule, otherRule] = [one.clientCertificates, other.clientCertificates];
  return (
    one.certificate === other.certificate &&
    one.key === other.key &&
    rule?.ca === otherRule?.ca &&
    rule?.required === otherRule?.required
  );
}
