const NotBelieved = "no authority that is believed has signed the certificate (see tls.ca)";
const NoTls = "what answers there speaks no TLS";
const Ended = "the other side has ended the connection";

/** What the codes of the system, of node and of OpenSSL mean to who opens a WebSocket. */
const Meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: Ended,
  EPIPE: Ended,
  ETIMEDOUT: "nobody answers",
  EHOSTUNREACH: "no way leads to the host",
  ENETUNREACH: "no way leads to its network",
  ENOTFOUND: "the host name has no address",
  EAI_AGAIN: "the host name cannot be looked up now",
  ENOENT: "there is no such unix socket",
  EACCES: "it may not be reached by this user",
  EMFILE: "this process has too many files open",
  EADDRNOTAVAIL: "this machine has no port left for it",
  CERT_HAS_EXPIRED: "the certificate has ended",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is signed by itself (see tls.ca)",
  SELF_SIGNED_CERT_IN_CHAIN: NotBelieved,
  UNABLE_TO_GET_ISSUER_CERT: NotBelieved,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NotBelieved,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NotBelieved,
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for other names (see tls.serverName)",
  ERR_SSL_WRONG_VERSION_NUMBER: NoTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NoTls,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the other side wants a certificate (see tls.cert)",
};

const Code = /^[A-Z][A-Z0-9_]{1,63}$/;

/** `: ` and why it failed, as the code of `error` says it: no address and nothing of a peer. Empty where it has no code. */
export function failureReason(error: NodeJS.ErrnoException | undefined): string {
  const code = error?.code ?? "";
  if (!Code.test(code)) return "";
  const alert = code.includes("_ALERT_") ? "the other side has refused it" : undefined;
  const meaning = Meanings[code] ?? alert;
  return meaning === undefined ? `: ${code}` : `: ${code}, ${meaning}`;
}
