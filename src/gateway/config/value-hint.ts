import { tryOriginPattern } from "../../protocol/handshake/access.ts";
import { tryUpstreamAddress } from "./addresses.ts";
import type { ConfigPath } from "./fault.ts";
import { isListOfTexts } from "./option-schema.ts";
import { lacksBlank, MissingBlank } from "./yaml-error.ts";

const UnitsMs: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000],
]);

const UnitsBytes: ReadonlyMap<string, number> = new Map([
  ["k", 1_024],
  ["kb", 1_024],
  ["kib", 1_024],
  ["m", 1_048_576],
  ["mb", 1_048_576],
  ["mib", 1_048_576],
]);

/**
 * How to write what was probably meant by `got`, the value at `path`, as the end of a fault; empty if there is no
 * telling.
 *
 * @param type - the type the schema wants, in its own words, if the type is what is wrong.
 */
export function valueHint(got: unknown, path: ConfigPath, type: string | undefined): string {
  if (path.at(-1) === "address") return portHint(got);
  if (typeof got !== "string") return type === "string" && typeof got !== "object" ? "; put it in quotes" : "";
  const option = String(path.at(-1));
  if (type === "number") return numberHint(got, option);
  if (type === "object") return lacksBlank(got) ? `; ${MissingBlank}` : "";
  if (path.at(-1) === "origins" && (got === "*" || got === "all")) return "; any lets every page in";
  if (type !== undefined) return isListOfTexts(path) ? listHint(got) : "";
  if (path.at(-2) === "origins") return originHint(got);
  return path.at(-2) === "addresses" ? addressHint(got) : "";
}

/** Other programs take a port alone, or with a star, for every address. */
function portHint(got: unknown): string {
  const port = /^(?:\*?:)?(\d{1,5})$/.exec(String(got))?.[1];
  return port === undefined ? "" : `; on every address it is "[::]:${port}"`;
}

function originHint(got: string): string {
  if (got === "*" || got === "any") return "; any stands alone, without a list";
  const bare = got.replace(/(?<=[^/:])\/.*$/, "");
  const origin = bare.includes("://") ? bare : `https://${bare}`;
  return origin.includes(".") && tryOriginPattern(origin) === origin ? `; write ${origin}` : "";
}

function numberHint(got: string, option: string): string {
  if (/^\d+$/.test(got)) return "; without quotes";
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(got) ?? [];
  const factor = unitsOf(option)?.get(unit.toLowerCase());
  return factor === undefined ? "" : `; ${digits} ${unit} are ${Math.round(Number(digits) * factor)}`;
}

function unitsOf(option: string): ReadonlyMap<string, number> | undefined {
  if (option.endsWith("Ms")) return UnitsMs;
  return option.endsWith("Bytes") ? UnitsBytes : undefined;
}

/** Only for words that mean the same in a list: no numbers, and none with quotes, brackets or another sign of YAML. */
function listHint(got: string): string {
  const words = got.split(/[\s,]+/);
  const isPlain = words.every((word) => /^[\w./][\w./:+-]*$/.test(word) && Number.isNaN(Number(word)));
  return isPlain ? `; write [${words.join(", ")}]` : "";
}

function addressHint(got: string): string {
  const beforePath = /^((?:http|ws)s?:\/\/[^/]+)\//.exec(got)?.[1];
  const isAddress = beforePath !== undefined && tryUpstreamAddress(beforePath) !== undefined;
  return isAddress ? "; the client's path goes to the upstream as it is" : "";
}
