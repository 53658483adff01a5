import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { generate } from "selfsigned";
import type { TlsIdentity } from "../../transport/tls-server.ts";
import { isIpAddress } from "./addresses.ts";
import { readRegularFile } from "./regular-file.ts";

const Issuer = "hawser self-signed";
const Day = 86_400_000;
const ReuseDays = 14;
const ValidDays = 365;

/**
 * A self-signed certificate (EC P-256) and its key for `names`, host names and IP addresses: the one in `file`, or a
 * new one if there is none, it is for other names or ends within 14 days. A new one is stored in `file`, for its owner
 * alone (0600), with the folders above it, unless `store` is false.
 *
 * @throws Error if `file` holds something hawser did not make (it is left alone), cannot be read or cannot be written.
 */
export async function selfSignedTls(
  file: string,
  names: readonly string[],
  { store }: { readonly store: boolean },
): Promise<TlsIdentity> {
  const stored = await tryRead(file);
  if (stored !== undefined && stored.trim() !== "") {
    const certificate = tryCertificate(stored);
    if (certificate?.subject !== `CN=${Issuer}`) throw new Error("holds something hawser did not make");
    if (isGoodFor(certificate, stored, names)) return split(stored);
  }
  const made = await make(names);
  if (store) await replace(file, `${made.certificate}${made.key}`);
  return made;
}

async function tryRead(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readRegularFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function tryCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function isGoodFor(certificate: X509Certificate, pem: string, names: readonly string[]): boolean {
  const isEach = names.every((name) => (isIpAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name)));
  const count = certificate.subjectAltName?.split(", ").length;
  const isFresh = certificate.validToDate.getTime() - Date.now() > ReuseDays * Day;
  return isFresh && isEach && count === new Set(names).size && isKeyThere(certificate, pem);
}

function isKeyThere(certificate: X509Certificate, pem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}

function split(pem: string): TlsIdentity {
  const keyStart = pem.search(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  return { certificate: pem.slice(0, keyStart), key: pem.slice(keyStart) };
}

async function make(names: readonly string[]): Promise<TlsIdentity> {
  const now = Date.now();
  const altNames = [...new Set(names)].map((name) =>
    isIpAddress(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const made = await generate([{ name: "commonName", value: Issuer }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // A client whose clock is a little behind should not see a certificate from the future.
    notBeforeDate: new Date(now - Day),
    notAfterDate: new Date(now + ValidDays * Day),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { certificate: asLines(made.cert), key: asLines(made.private) };
}

function asLines(pem: string): string {
  return `${pem.replaceAll("\r", "").trim()}\n`;
}

/** Written beside and moved, so that a gateway starting at the same time never reads half a file. */
async function replace(file: string, pem: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${randomUUID()}`;
  await writeFile(beside, pem, { mode: 0o600, flag: "wx" });
  await rename(beside, file);
}
