import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { certificateObjection, isKeyOf, keyObjection } from "./certificates.ts";
import type { ConfigPath, Fault } from "./fault.ts";
import { itemsOf, keysOf, memberOf, stringMember } from "./raw-value.ts";

/** What the files a config file names contain, and what is wrong with them. */
export interface ReferencedFiles {
  /** Contents of the PEM files by absolute path. */
  readonly contents: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
}

/** A file or folder an option names. */
interface Reference {
  readonly path: ConfigPath;
  /** Absolute. */
  readonly file: string;
  readonly kind: "certificate" | "key" | "module" | "folder";
}

/** What the two files of `tls`, the option at `path`, contain. */
interface KeyPair {
  readonly path: ConfigPath;
  readonly certificate: string;
  readonly key: string;
}

const Kinds = {
  certificate: { expected: "a certificate in PEM", objection: certificateObjection },
  key: { expected: "a private key in PEM", objection: keyObjection },
} as const;

const Reasons: Readonly<Record<string, string>> = {
  EACCES: "hawser has no permission to read it",
  EISDIR: "it is a folder",
};

/**
 * Reads the files that `value`, the whole of a config file in `folder`, names, and looks whether modules and folders
 * are there. Like `crossCheck` it takes what YAML gave.
 */
export async function readReferencedFiles(value: unknown, folder: string): Promise<ReferencedFiles> {
  const contents = new Map<string, string>();
  const faults: Fault[] = [];
  for (const reference of referencesIn(value, folder)) {
    const objection = await readReference(reference, contents);
    if (objection !== undefined) faults.push({ path: reference.path, at: "value", message: objection });
  }
  const pairs = pairsIn(value, folder, contents);
  const exchanged = pairs.filter(isExchanged);
  const isTold = ({ path }: Fault) => exchanged.some((pair) => pair.path.every((step, i) => step === path[i]));
  return { contents, faults: [...faults.filter((fault) => !isTold(fault)), ...pairs.flatMap(pairFaults)] };
}

function referencesIn(value: unknown, folder: string): Reference[] {
  const references: Reference[] = [];
  const add = (owner: unknown, path: ConfigPath, key: string, kind: Reference["kind"]) => {
    const file = stringMember(owner, key);
    if (file) references.push({ path: [...path, key], file: resolve(folder, file), kind });
  };
  for (const [i, listener] of itemsOf(memberOf(value, "listeners")).entries()) {
    add(memberOf(listener, "tls"), ["listeners", i, "tls"], "certificate", "certificate");
    add(memberOf(listener, "tls"), ["listeners", i, "tls"], "key", "key");
  }
  for (const [i, route] of itemsOf(memberOf(value, "routes")).entries()) {
    if (/^\.{0,2}\//.test(stringMember(route, "handler") ?? "")) add(route, ["routes", i], "handler", "module");
    add(route, ["routes", i], "root", "folder");
  }
  const upstreams = memberOf(value, "upstreams");
  for (const name of keysOf(upstreams)) {
    add(memberOf(memberOf(upstreams, name), "tls"), ["upstreams", name, "tls"], "ca", "certificate");
  }
  return references;
}

/** Puts a PEM file into `contents`; returns what is wrong with the file or folder. */
async function readReference({ file, kind }: Reference, contents: Map<string, string>): Promise<string | undefined> {
  try {
    if (kind === "folder" || kind === "module") {
      const isFolder = (await stat(file)).isDirectory();
      if (isFolder === (kind === "folder")) return undefined;
      return `expected a ${kind}, got the ${isFolder ? "folder" : "file"} ${file}`;
    }
    const pem = await readFile(file, "utf8");
    const objection = Kinds[kind].objection(pem);
    contents.set(file, pem);
    return objection === undefined ? undefined : `expected ${Kinds[kind].expected}, got ${objection}: ${file}`;
  } catch (error) {
    return `cannot read ${file}: ${reasonOf(error, kind === "folder" ? "folder" : "file")}`;
  }
}

/** Why a file cannot be read, or a folder, in words. */
export function reasonOf(error: unknown, what: "file" | "folder" = "file"): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return `there is no such ${what}`;
  return Reasons[code] ?? (error instanceof Error ? error.message : String(error));
}

/** The certificates and keys of listeners, as far as both files could be read. */
function pairsIn(value: unknown, folder: string, contents: ReadonlyMap<string, string>): KeyPair[] {
  return itemsOf(memberOf(value, "listeners")).flatMap((listener, i): KeyPair[] => {
    const tls = memberOf(listener, "tls");
    const certificate = contents.get(resolve(folder, stringMember(tls, "certificate") ?? ""));
    const key = contents.get(resolve(folder, stringMember(tls, "key") ?? ""));
    return certificate === undefined || key === undefined ? [] : [{ path: ["listeners", i, "tls"], certificate, key }];
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
