import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Config, TlsFiles } from "./config.ts";
import { crossCheck } from "./cross-check.ts";
import { ConfigError, type Fault } from "./fault.ts";
import { readReferencedFiles, reasonOf } from "./referenced-files.ts";
import { resolveConfig } from "./resolve.ts";
import { readDocument } from "./schema-faults.ts";
import type { ConfigDocument } from "./schema.ts";
import { selfSignedTls } from "./self-signed.ts";
import { configWarnings } from "./warnings.ts";
import { YamlSource } from "./yaml-source.ts";

const LocalNames = ["localhost", "127.0.0.1", "::1"];

/** How to load a config file. */
export interface LoadOptions {
  /** Told each thing that is valid and yet hardly wanted, with its line. */
  readonly warn?: (warning: string) => void;
  /** Whether a self-signed certificate that had to be made is written to its file. Default: `true`. */
  readonly storeCertificates?: boolean;
}

/**
 * Reads the YAML config `file` and everything it refers to; paths in it are relative to it.
 *
 * @throws ConfigError with all faults, each with its line and column, if the gateway could not run with it.
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<Config> {
  const source = new YamlSource(file, await readText(file));
  const value = valueOf(source, file);
  const folder = dirname(resolve(file));
  const reading = readDocument(value);
  const { contents, faults } = await readReferencedFiles(value, folder);
  const schemaFaults = reading.fits ? [] : reading.faults;
  const found = source.describe([...schemaFaults, ...crossCheck(value, schemaFaults), ...faults]);
  if (!reading.fits || found.length > 0) throw new ConfigError(found);

  const { document } = reading;
  const { selfSigned, faults: failures } = await selfSignedFiles(document, folder, options.storeCertificates ?? true);
  if (failures.length > 0) throw new ConfigError(source.describe(failures));
  const config = resolveConfig(document, { folder, contents, selfSigned });
  const warnings = source.describe(configWarnings(config, new Date()), { severity: "warning: " });
  for (const warning of warnings) options.warn?.(warning);
  return config;
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const reason = cause instanceof TypeError ? "it is not UTF-8 text" : reasonOf(cause);
    throw new ConfigError([`${file}: cannot read the file: ${reason}`], { cause });
  }
}

function valueOf(source: YamlSource, file: string): unknown {
  if (source.syntaxFault !== undefined) throw new ConfigError([source.syntaxFault]);
  try {
    return source.value();
  } catch (cause) {
    throw new ConfigError([`${file}: not valid YAML: ${reasonOf(cause)}`], { cause });
  }
}

async function selfSignedFiles(
  { listeners }: ConfigDocument,
  folder: string,
  store: boolean,
): Promise<{ readonly selfSigned: ReadonlyMap<string, TlsFiles>; readonly faults: readonly Fault[] }> {
  const selfSigned = new Map<string, TlsFiles>();
  const faults: Fault[] = [];
  for (const [i, { tls }] of listeners.entries()) {
    if (tls?.selfSigned === undefined) continue;
    const file = resolve(folder, tls.selfSigned);
    if (selfSigned.has(file)) continue;
    try {
      selfSigned.set(file, await selfSignedTls(file, tls.names ?? LocalNames, { store }));
    } catch (error) {
      faults.push({ path: ["listeners", i, "tls", "selfSigned"], at: "value", message: `${file}: ${reasonOf(error)}` });
    }
  }
  return { selfSigned, faults };
}
