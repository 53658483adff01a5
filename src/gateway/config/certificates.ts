import { createPrivateKey, X509Certificate } from "node:crypto";

const CertificateStart = "-----BEGIN CERTIFICATE-----";
const CertificateBlock = /^-----BEGIN CERTIFICATE-----\s*$[^-]*^-----END CERTIFICATE-----\s*$/gm;
const KeyBlock = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

/** What a certificate says of itself, for people. */
export interface CertificateFacts {
  /** The host names and IP addresses it is for. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validUntil: Date;
}

/** Why `pem` is no certificate (with or without its chain), as the end of "got …"; `undefined` if it is one. */
export function certificateObjection(pem: string): string | undefined {
  const count = pem.split(CertificateStart).length - 1;
  if (count === 0) return "a file without one";
  const blocks = pem.match(CertificateBlock) ?? [];
  return blocks.length === count && blocks.every(isCertificate) ? undefined : "a file with a broken one";
}

/** Why `pem` is no usable private key, as the end of "got …"; `undefined` if it is one. */
export function keyObjection(pem: string): string | undefined {
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) return "one with a passphrase";
  if (!KeyBlock.test(pem)) return "a file without one";
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return "a file with a broken one";
  }
}

/** Whether the key belongs to the first certificate; both have been checked. */
export function isKeyOf(key: string, certificate: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
}

/** Whether the first certificate of `pem`, which has been checked, is for `serverName`, in which `*` is any one label. */
export function isCertificateFor(pem: string, serverName: string): boolean {
  return new X509Certificate(pem).checkHost(serverName.replace("*", "any")) !== undefined;
}

/** What the first certificate of `pem`, which has been checked, says of itself. */
export function certificateFacts(pem: string): CertificateFacts {
  const { subjectAltName = "", validFromDate, validToDate } = new X509Certificate(pem);
  const names = subjectAltName
    .split(", ")
    .map((name) => name.replace(/^DNS:/, "").replace(/^IP Address:(.*)$/, shortAddress));
  return { names: names.filter((name) => name !== ""), validFrom: validFromDate, validUntil: validToDate };
}

/** `0:0:0:0:0:0:0:1` as `::1`. */
function shortAddress(_: string, address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
