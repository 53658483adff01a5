import { certificateFacts } from "../gateway/config/certificates.ts";
import type { ListenerConfig } from "../gateway/config/config.ts";
import { formatAuthority } from "../protocol/handshake/request-target.ts";
import type { ServerCertificate } from "../transport/tls-server.ts";

/** What a listener is: a row, and one more for each thing about it. */
export function explainListener(listener: ListenerConfig): string[][] {
  const { name, certificates, protocols, proxyProtocol } = listener;
  const scheme = certificates === undefined ? "http" : "https";
  const facts = certificates?.flatMap((certificate, i) =>
    explainCertificate(certificate, i === 0 && certificates.length > 1),
  ) ?? ["cleartext"];
  if (proxyProtocol) facts.push("PROXY header first, from trusted proxies");
  return facts.map((fact, i) =>
    i === 0 ? [name, `${scheme}://${formatAuthority(listener)}`, protocols.join(", "), fact] : ["", "", "", fact],
  );
}

function explainCertificate(certificate: ServerCertificate, isDefault: boolean): string[] {
  const { validUntil } = certificateFacts(certificate.certificate);
  const names = certificate.serverNames.join(", ") || "no name";
  const others = isDefault ? " and every other name" : "";
  const clients = certificate.clientCertificates;
  return [
    `certificate for ${names}${others} until ${validUntil.toISOString().slice(0, 10)}`,
    ...(clients === undefined ? [] : [`clients ${clients.required ? "must" : "may"} show a certificate there (mTLS)`]),
  ];
}
