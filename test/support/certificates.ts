import { isIP } from "node:net";
import { generate, type SelfsignedOptions } from "selfsigned";

type CertificateExtension = NonNullable<SelfsignedOptions["extensions"]>[number];

/** A certificate and its key, as PEM text. One of {@link testCertificate} is also the CA that makes a client trust it. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A fresh self-signed certificate (EC, P-256) for `names`: host names and IP addresses. */
export async function testCertificate(names: readonly string[] = ["localhost", "127.0.0.1"]): Promise<TestCertificate> {
  return make(names[0] ?? "localhost", [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
    { name: "extKeyUsage", serverAuth: true },
    {
      name: "subjectAltName",
      altNames: names.map((name) => (isIP(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name })),
    },
  ]);
}

/** A fresh authority that signs client certificates. */
export function testAuthority(commonName = "Test Authority"): Promise<TestCertificate> {
  return make(commonName, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
  ]);
}

/** A fresh client certificate signed by `authority`; `notAfter` in the past makes one that has ended. */
export function clientCertificate(
  authority: TestCertificate,
  commonName = "client",
  notAfter?: Date,
): Promise<TestCertificate> {
  return make(
    commonName,
    [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", clientAuth: true },
    ],
    { authority, notAfter },
  );
}

/** Signed by itself unless there is an `authority`. */
async function make(
  commonName: string,
  extensions: CertificateExtension[],
  { authority, notAfter }: { authority?: TestCertificate; notAfter?: Date | undefined } = {},
): Promise<TestCertificate> {
  const subject = [
    { name: "organizationName", value: "Example" },
    { name: "commonName", value: commonName },
  ];
  const made = await generate(subject, {
    keyType: "ec",
    algorithm: "sha256",
    extensions,
    ...(authority === undefined ? {} : { ca: { cert: authority.certificate, key: authority.key } }),
    ...(notAfter === undefined ? {} : { notBeforeDate: new Date(0), notAfterDate: notAfter }),
  });
  return { certificate: made.cert, key: made.private };
}
