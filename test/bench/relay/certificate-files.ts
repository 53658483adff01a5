import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestCertificate } from "../../support/certificates.ts";

/** Writes `cert.pem`, `key.pem`, and `both.pem` with one behind the other, to `folder`. */
export async function writeCertificate(folder: string, { certificate, key }: TestCertificate): Promise<void> {
  await writeFile(join(folder, "cert.pem"), certificate);
  await writeFile(join(folder, "key.pem"), key);
  await writeFile(join(folder, "both.pem"), `${certificate}\n${key}\n`);
}
