import { isIP } from "node:net";
import { generate } from "selfsigned";

/** A self-signed certificate and its key, as PEM text. The certificate is also the CA that makes a client trust it. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A fresh certificate (EC, P-256) for `names`: host names and IP addresses. */
export async function testCertificate(names: readonly string[] = ["localhost", "127.0.0.1"]): Promise<TestCertificate> {
  const made = await generate([{ name: "commonName", value: names[0] ?? "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { certificate: made.cert, key: made.private };
}
