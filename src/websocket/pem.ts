import { createPrivateKey, X509Certificate } from "node:crypto";
import { isUint8Array } from "node:util/types";
import type { ValueRule } from "./option-rules.ts";

/** A certificate, a chain of them, authorities or a key as PEM: text, or its bytes as a file has them. */
export type Pem = string | Uint8Array;

/** What can be PEM, as far as its type says. */
export const PemRule: ValueRule = {
  allowed: "PEM as a string, or its bytes",
  isAllowed: (value) => typeof value === "string" || isUint8Array(value),
  isSecret: true,
};

const CertificateBegin = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;
const PrivateKeyBegin = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

/** `pem` as text. */
export function pemText(pem: Pem): string {
  return typeof pem === "string" ? pem : new TextDecoder().decode(pem);
}

/**
 * Holds `pem`, the value of `option`, to be certificates, of which the first can be read. node:tls reads over what is none: it
 * would then believe nobody, or, where it is empty, all authorities that Node comes with.
 *
 * @throws TypeError for anything else, such as the path of a file. It does not show it.
 */
export function checkCertificates(pem: Pem, option: string): void {
  const text = checkedText(pem, option, CertificateBegin, "-----BEGIN CERTIFICATE-----");
  readable(() => new X509Certificate(text), `${option} is PEM that no certificate can be read from`);
}

/** Holds `pem`, the value of `option`, to be a private key. @throws TypeError as {@link checkCertificates}. */
export function checkPrivateKey(pem: Pem, option: string): void {
  const text = checkedText(pem, option, PrivateKeyBegin, "-----BEGIN PRIVATE KEY-----");
  readable(
    () => createPrivateKey(text),
    `${option} is PEM that no private key can be read from: it is damaged, or has a passphrase`,
  );
}

function checkedText(pem: Pem, option: string, begin: RegExp, example: string): string {
  const text = pemText(pem);
  if (text === "") throw new TypeError(`${option} is empty, and no PEM`);
  if (!begin.test(text)) {
    throw new TypeError(`${option} is no PEM: give the text of a file, with its ${example}, and not its path`);
  }
  return text;
}

function readable(read: () => unknown, fault: string): void {
  try {
    read();
  } catch (error) {
    throw new TypeError(fault, { cause: error });
  }
}
