import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const Folder = join(import.meta.dirname, "corpus");
const FaultFolder = join(import.meta.dirname, "../../test-results/fuzz");

/** So much stays of one target, the shortest inputs first: all together are kept in the repository. */
const MaxFileChars = 20_000;

function fileOf(target: string): string {
  return join(Folder, `${target}.hex`);
}

/** The inputs kept for `target`: one in each line, in hexadecimal. */
export async function readCorpus(target: string): Promise<Uint8Array[]> {
  return existsSync(fileOf(target)) ? await readInputs(fileOf(target)) : [];
}

/** The inputs in a file like those of the corpus. */
export async function readInputs(file: string): Promise<Uint8Array[]> {
  const text = await readFile(file, "utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [new Uint8Array(Buffer.from(line, "hex"))]));
}

/** Keeps `inputs` for `target`, in place of what was kept, as far as they have room. */
export async function writeCorpus(target: string, inputs: readonly Uint8Array[]): Promise<void> {
  const lines = inputs.map((input) => Buffer.from(input).toString("hex"));
  const sorted = lines.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
  let room = MaxFileChars;
  const kept = sorted.filter((line) => (room -= line.length + 1) >= 0);
  await mkdir(Folder, { recursive: true });
  await writeFile(fileOf(target), kept.map((line) => `${line}\n`).join(""));
}

/** Writes an input that broke `target` down, and returns where. */
export async function writeFault(target: string, input: Uint8Array): Promise<string> {
  const hash = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const file = join(FaultFolder, `${target}-${hash}.hex`);
  await mkdir(FaultFolder, { recursive: true });
  await writeFile(file, `${Buffer.from(input).toString("hex")}\n`);
  return file;
}
