import { readFile, stat } from "node:fs/promises";

/** Far above any config or certificate; to understand a text takes many times its size. */
const MaxBytes = 8_388_608;

/**
 * The content of `file`, which a config names.
 *
 * @throws Error where it cannot be read, is larger than 8 MiB, or is a pipe or device, whose end may never come.
 */
export async function readRegularFile(file: string): Promise<Uint8Array> {
  const facts = await stat(file);
  if (!facts.isFile() && !facts.isDirectory()) throw new Error("it is a pipe or device");
  if (facts.size > MaxBytes) throw new Error(`it is larger than ${MaxBytes / 1_048_576} MiB`);
  return await readFile(file);
}
