import { constants, createHash, hkdfSync, randomBytes } from "node:crypto";
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

/** At least 32 random bytes, from which processes that serve as one derive the same keys of session tickets. */
export type TicketSecret = Uint8Array;

/** What OpenSSL takes: a name, an HMAC key and an AES key for tickets (16 bytes each), and 16 bytes that keep sessions apart. */
const TicketKeyBytes = 48;
const SessionContextBytes = 16;

/** The largest that a timer takes: whoever hands a connection over has a deadline of its own. */
const NoTimeoutMs = 2_147_483_647;

/**
 * A server for the handshakes of one certificate, at least TLS 1.2, that never listens: connections are emitted on it. Its
 * sessions are its own: a ticket of another server, even of one with the same certificate, leads to a full handshake. So
 * nobody brings along what another rule about client certificates has let through. With `ticketSecret` it shares them with
 * those servers alone that have the same secret, certificate, protocols and rule.
 *
 * @throws Error of node:tls or node:crypto for a certificate, key or authority that is none, or a key of another certificate.
 */
export function createTlsServer(
  server: ServerCertificate,
  protocols: readonly AlpnProtocol[],
  ticketSecret?: TicketSecret,
): Server {
  const sessions = ticketSecret === undefined ? ownSessions() : sharedSessions(ticketSecret, server, protocols);
  const { certificate, key, clientCertificates } = server;
  return createServer({
    ...sessions,
    ...verifyOptions(clientCertificates),
    cert: certificate,
    key,
    minVersion: "TLSv1.2",
    ALPNProtocols: [...protocols],
    handshakeTimeout: NoTimeoutMs,
    // HTTP/2 forbids it (RFC 9113 §9.2.1), and a certificate is judged once, at the beginning.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
}

/** The ticket keys are made by OpenSSL for each server; this keeps sessions apart a second time. */
function ownSessions(): { readonly sessionIdContext: string } {
  return { sessionIdContext: randomBytes(SessionContextBytes).toString("hex") };
}

/** The same in each process that has `secret`, for servers that let the same clients through; another one otherwise. */
function sharedSessions(
  secret: TicketSecret,
  { certificate, clientCertificates }: ServerCertificate,
  protocols: readonly AlpnProtocol[],
): { readonly sessionIdContext: string; readonly ticketKeys: Buffer } {
  const identity = JSON.stringify([certificate, clientCertificates?.ca, clientCertificates?.required, protocols]);
  const info = createHash("sha256").update(identity).digest();
  const bytes = Buffer.from(hkdfSync("sha256", secret, "", info, TicketKeyBytes + SessionContextBytes));
  return {
    ticketKeys: bytes.subarray(0, TicketKeyBytes),
    sessionIdContext: bytes.subarray(TicketKeyBytes).toString("hex"),
  };
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
