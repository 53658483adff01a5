import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { certificateObjection, isKeyOf, keyObjection } from "./certificates.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { tryWrittenText, valueAt, type RawConfig } from "./raw-config.ts";
import { itemsOf, keysOf, memberOf, stringMember } from "./raw-value.ts";
import { reasonOf } from "./read-failure.ts";
import { readRegularFile } from "./regular-file.ts";

/** What the files a config names contain, and what is wrong with them. */
export interface ReferencedFiles {
  /** Contents of the PEM files by absolute path. */
  readonly contents: ReadonlyMap<string, string>;
  /** Absolute paths of the PEM files, those that cannot be read among them. */
  readonly files: readonly string[];
  readonly faults: readonly Fault[];
}

/** A file or folder an option names. */
interface Reference {
  readonly path: ConfigPath;
  /** Absolute. */
  readonly file: string;
  /** What messages call it. */
  readonly called: string;
  readonly kind: "certificate" | "key" | "module" | "folder";
}

/** What the two files of the option at `path` contain. */
interface KeyPair {
  readonly path: ConfigPath;
  readonly certificate: string;
  readonly key: string;
}

const Kinds = {
  certificate: { expected: "a certificate in PEM", objection: certificateObjection },
  key: { expected: "a private key in PEM", objection: keyObjection },
} as const;

/**
 * Reads the files that a config names, and looks whether modules and folders are there. Like `crossCheck` it takes what
 * YAML gave.
 */
export async function readReferencedFiles(raw: RawConfig): Promise<ReferencedFiles> {
  const contents = new Map<string, string>();
  const faults: Fault[] = [];
  const references = referencesIn(raw);
  for (const reference of references) {
    const objection = await readReference(reference, contents);
    if (objection !== undefined) faults.push({ path: reference.path, at: "value", message: objection });
  }
  const pairs = pairsIn(raw, contents);
  const exchanged = pairs.filter(isExchanged);
  const isTold = ({ path }: Fault) =>
    exchanged.some((pair) => path.length === pair.path.length + 1 && pair.path.every((step, i) => step === path[i]));
  const files = references.filter(({ kind }) => kind === "certificate" || kind === "key").map(({ file }) => file);
  return { contents, files, faults: [...faults.filter((fault) => !isTold(fault)), ...pairs.flatMap(pairFaults)] };
}

function referencesIn(raw: RawConfig): Reference[] {
  const references: Reference[] = [];
  const add = (path: ConfigPath, kind: Reference["kind"]) => {
    const written = valueAt(raw.value, path);
    if (typeof written !== "string" || written === "") return;
    const file = resolve(raw.folderOf(path), written);
    references.push({ path, file, called: tryWrittenText(raw, path) ?? file, kind });
  };
  for (const path of certificatePlaces(raw.value)) {
    add([...path, "certificate"], "certificate");
    add([...path, "key"], "key");
    add([...path, "clientCertificates", "ca"], "certificate");
  }
  for (const [i, route] of itemsOf(memberOf(raw.value, "routes")).entries()) {
    if (/^\.{0,2}\//.test(stringMember(route, "handler") ?? "")) add(["routes", i, "handler"], "module");
    add(["routes", i, "root"], "folder");
  }
  for (const name of keysOf(memberOf(raw.value, "upstreams"))) {
    add(["upstreams", name, "tls", "ca"], "certificate");
  }
  return references;
}

/** Where listeners may have a certificate with its key. */
function certificatePlaces(value: unknown): ConfigPath[] {
  return itemsOf(memberOf(value, "listeners")).flatMap((listener, i): ConfigPath[] => {
    const path = ["listeners", i, "tls"];
    const certificates = itemsOf(memberOf(memberOf(listener, "tls"), "certificates"));
    return [path, ...certificates.map((_, j) => [...path, "certificates", j])];
  });
}

/** Puts a PEM file into `contents`; returns what is wrong with the file or folder. */
async function readReference(
  { file, called, kind }: Reference,
  contents: Map<string, string>,
): Promise<string | undefined> {
  try {
    if (kind === "folder" || kind === "module") {
      const isFolder = (await stat(file)).isDirectory();
      if (isFolder === (kind === "folder")) return undefined;
      return `expected a ${kind}, got the ${isFolder ? "folder" : "file"} ${called}`;
    }
    const pem = contents.get(file) ?? new TextDecoder().decode(await readRegularFile(file));
    const objection = Kinds[kind].objection(pem);
    contents.set(file, pem);
    return objection === undefined ? undefined : `expected ${Kinds[kind].expected}, got ${objection}: ${called}`;
  } catch (error) {
    return `cannot read ${called}: ${reasonOf(error, kind === "folder" ? "folder" : "file")}`;
  }
}

/** The certificates and keys of listeners, as far as both files could be read. */
function pairsIn(raw: RawConfig, contents: ReadonlyMap<string, string>): KeyPair[] {
  return certificatePlaces(raw.value).flatMap((path): KeyPair[] => {
    const contentOf = (key: string) => {
      const written = stringMember(valueAt(raw.value, path), key);
      return written === undefined ? undefined : contents.get(resolve(raw.folderOf(path), written));
    };
    const [certificate, key] = [contentOf("certificate"), contentOf("key")];
    return certificate === undefined || key === undefined ? [] : [{ path, certificate, key }];
  });
}

/** Whether each file would do for the other option, and not for its own. */
function isExchanged({ certificate, key }: KeyPair): boolean {
  if (certificateObjection(certificate) === undefined || keyObjection(key) === undefined) return false;
  return certificateObjection(key) === undefined && keyObjection(certificate) === undefined;
}

function pairFaults(pair: KeyPair): Fault[] {
  const { path, certificate, key } = pair;
  const at = "value";
  if (isExchanged(pair)) {
    return [{ path: [...path, "certificate"], at, message: "certificate and key seem to be exchanged" }];
  }
  if (certificateObjection(certificate) !== undefined || keyObjection(key) !== undefined) return [];
  return isKeyOf(key, certificate)
    ? []
    : [{ path: [...path, "key"], at, message: "is not the key of the certificate" }];
}
