/** One module that a source file imports or re-exports, statically or not, as value or as type. */
export interface Import {
  /** As written; `undefined` where it is computed at run time. */
  readonly specifier: string | undefined;
  /** The names it takes, as the module calls them; empty for the whole module. */
  readonly names: readonly string[];
}

// Statements begin in the first column and strings have double quotes: the formatter sees to it. Text in a template
// literal that looks like an import is taken for one, which is loud and harmless.
const Static = /^import\s+(?:type\s+)?(?:(?<clause>[\w$*{},\s]+?)\s+from\s+)?"(?<specifier>[^"]+)"/gm;
const ReExport = /^export\s+(?:type\s+)?(?<clause>\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"(?<specifier>[^"]+)"/gm;
const Dynamic = /\bimport\(\s*(?:"(?<specifier>[^"]+)")?/g;
const Comment = /^\s*(?:\/\/|\/?\*).*$/gm;

/** All imports of a formatted source file. */
export function importsOf(source: string): Import[] {
  const code = source.replaceAll(Comment, "");
  return [Static, ReExport, Dynamic].flatMap((form) =>
    Array.from(code.matchAll(form), ({ groups }) => ({
      specifier: groups?.["specifier"],
      names: namesIn(groups?.["clause"] ?? ""),
    })),
  );
}

function namesIn(clause: string): string[] {
  const [, list = ""] = /\{([^}]*)\}/.exec(clause) ?? [];
  const names = list.split(",").map((entry) => entry.replace(/\bas\s.*$/s, "").replace(/^\s*type\s/, ""));
  return names.map((name) => name.trim()).filter((name) => name !== "");
}
