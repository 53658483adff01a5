import { getSystemErrorMessage } from "node:util";

const Reasons: Readonly<Record<string, string>> = {
  EACCES: "hawser has no permission to read it",
  EISDIR: "it is a folder",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8 text",
  // Node's own words would tell the path, in which the environment may have a part.
  ERR_INVALID_ARG_VALUE: "no path has a zero byte",
};

/** Why a file cannot be read, or a folder, in words that do not name it. */
export function reasonOf(error: unknown, what: "file" | "folder" = "file"): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return `there is no such ${what}`;
  const reason = Reasons[code];
  if (reason !== undefined) return reason;
  return "errno" in error && typeof error.errno === "number" ? getSystemErrorMessage(error.errno) : error.message;
}
