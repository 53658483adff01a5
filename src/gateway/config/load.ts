import { dirname, resolve } from "node:path";
import type { TlsIdentity } from "../../transport/tls-server.ts";
import type { Config } from "./config.ts";
import { configWarnings } from "./warnings.ts";
import { crossCheck } from "./cross-check.ts";
import type { Environment } from "./environment.ts";
import { ConfigError, type Fault } from "./fault.ts";
import { tryWrittenText, type RawConfig } from "./raw-config.ts";
import { reasonOf } from "./read-failure.ts";
import { readSources } from "./read-sources.ts";
import { readReferencedFiles } from "./referenced-files.ts";
import { resolveConfig } from "./resolve.ts";
import { readDocument } from "./schema-faults.ts";
import type { ConfigDocument } from "./schema.ts";
import { selfSignedTls } from "./self-signed.ts";

const LocalNames = ["localhost", "127.0.0.1", "::1"];

/** How to load a config file. */
export interface LoadOptions {
  /** What `${NAME}` stands for. Default: nothing has a value. */
  readonly environment?: Environment;
  /** Told each thing that is valid and yet hardly wanted, with its line. */
  readonly warn?: (warning: string) => void;
  /** Whether a self-signed certificate that had to be made is written to its file. Default: `true`. */
  readonly storeCertificates?: boolean;
}

/**
 * Reads the YAML config `file`, what it includes and everything they refer to; paths are relative to the file they are in.
 *
 * @throws ConfigError with all faults, each with its line and column, if the gateway could not run with it.
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<Config> {
  const sources = await readSources(file, options.environment ?? {});
  const reading = readDocument(sources);
  const { contents, files: referenced, faults } = await readReferencedFiles(sources);
  const known = [...sources.files, ...referenced];
  const schemaFaults = reading.fits ? [] : reading.faults;
  const found = sources.describe([...schemaFaults, ...crossCheck(sources, schemaFaults), ...faults]);
  if (!reading.fits || found.length > 0) throw new ConfigError(found, { files: known });

  const { document } = reading;
  const { selfSigned, faults: failures } = await selfSignedFiles(document, sources, options.storeCertificates ?? true);
  if (failures.length > 0) throw new ConfigError(sources.describe(failures), { files: known });
  const files = [...new Set([...known, ...selfSigned.keys()])];
  const { folderOf } = sources;
  const config = resolveConfig(document, { folder: dirname(resolve(file)), files, folderOf, contents, selfSigned });
  const unwanted = [...sources.warnings, ...configWarnings(config, sources, new Date())];
  const warnings = sources.describe(unwanted, { severity: "warning: " });
  for (const warning of warnings) options.warn?.(warning);
  return config;
}

async function selfSignedFiles(
  { listeners }: ConfigDocument,
  raw: RawConfig,
  store: boolean,
): Promise<{ readonly selfSigned: ReadonlyMap<string, TlsIdentity>; readonly faults: readonly Fault[] }> {
  const selfSigned = new Map<string, TlsIdentity>();
  const faults: Fault[] = [];
  for (const [i, { tls }] of listeners.entries()) {
    if (tls?.selfSigned === undefined) continue;
    const path = ["listeners", i, "tls", "selfSigned"];
    const file = resolve(raw.folderOf(path), tls.selfSigned);
    if (selfSigned.has(file)) continue;
    try {
      selfSigned.set(file, await selfSignedTls(file, tls.names ?? LocalNames, { store }));
    } catch (error) {
      const message = `${tryWrittenText(raw, path) ?? file}: ${reasonOf(error)}`;
      faults.push({ path, at: "value", message });
    }
  }
  return { selfSigned, faults };
}
