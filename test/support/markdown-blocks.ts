/** A block of code in a Markdown text. */
export interface CodeBlock {
  /** The heading it stands under. */
  readonly heading: string;
  readonly code: string;
}

/** The blocks of `language` in `markdown`, in order. */
export function codeBlocks(markdown: string, language: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = "";
  for (const part of markdown.matchAll(/^#+ (.*)$|^```(\w+)\n([^]*?)^```$/gm)) {
    const [, title, kind, code = ""] = part;
    if (title !== undefined) heading = title;
    else if (kind === language) blocks.push({ heading, code });
  }
  return blocks;
}

/** What stands between `<!-- name -->` and `<!-- /name -->` in `markdown`. */
export function markedPart(markdown: string, name: string): string {
  const [, rest] = markdown.split(`<!-- ${name} -->`);
  const [part, after] = rest?.split(`<!-- /${name} -->`) ?? [];
  if (part === undefined || after === undefined) throw new Error(`no part ${name}`);
  return part;
}
