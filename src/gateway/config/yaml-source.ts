import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from "yaml";
import { formatPath, type ConfigPath, type Fault } from "./fault.ts";
import { excerptOf, printable } from "./printable.ts";
import { withoutSecrets } from "./secret-options.ts";
import { placeYamlError, type PlacedFault, type Span } from "./yaml-error.ts";

const NoSpan: Span = { start: 0, end: 0 };

/** YAML 1.2, also where a directive asks for 1.1, whose sets, dates and bytes no option can be. */
const Dialect = { schema: "core", resolveKnownTags: false, stringKeys: true } as const;

/** As often as that aliases may stand in a file: to follow each costs a walk through the file. */
const MaxAliases = 1_000;

/** The text of a config file, what YAML makes of it, and where in the text each value stands. */
export class YamlSource {
  /** The file as its user calls it. */
  readonly name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #aliasFaults: readonly PlacedFault[];

  constructor(name: string, text: string) {
    this.name = printable(name);
    this.#text = text;
    this.#document = parseDocument(text, { ...Dialect, lineCounter: this.#lines, prettyErrors: false });
    this.#aliasFaults = aliasFaults(this.#document);
  }

  /**
   * Why the text is so far from YAML that its value means nothing, or `undefined` if it is not: the first place alone,
   * since one slip makes YAML misread much of what follows. A key that is there twice is no such thing.
   */
  get syntaxFault(): string | undefined {
    const errors = this.#document.errors.filter(({ code }) => code !== "DUPLICATE_KEY");
    const placed = [...errors.map((error) => placeYamlError(error, this.#text)), ...this.#aliasFaults];
    const first = placed.toSorted((one, other) => one.start - other.start)[0];
    return first === undefined ? undefined : this.#describe(first, "");
  }

  /**
   * The value of the whole text: mappings, lists and scalars.
   *
   * @throws ReferenceError for aliases that would make it grow without bound.
   */
  value(): unknown {
    return this.#document.toJS();
  }

  /**
   * `faults`, and what YAML itself objects to in a text without a {@link syntaxFault}, in the order of the text: each
   * with its position, its line and a caret.
   */
  describe(faults: readonly Fault[], { severity = "" } = {}): string[] {
    const placed = [...this.#yamlFaults(), ...faults.map((fault) => this.#place(fault))];
    placed.sort((one, other) => one.start - other.start);
    return [...new Set(placed.map((fault) => this.#describe(fault, severity)))];
  }

  #yamlFaults(): PlacedFault[] {
    const repeated = this.#document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
    const placed = repeated.map(({ pos: [start] }) => {
      const key = /[^\s:]+/.exec(this.#text.slice(start))?.[0] ?? "";
      return { start, end: start + key.length, message: `the key ${key} is here a second time` };
    });
    return [...placed, ...this.#document.warnings.map((warning) => placeYamlError(warning, this.#text))];
  }

  /** The line, counted from 1, in which the option at `path` begins, or the nearest thing around it that is there. */
  lineOf(path: ConfigPath): number {
    return this.#lines.linePos(this.#spanOf(path, "key").start).line;
  }

  #place({ path, at, message }: Fault): PlacedFault {
    const written = formatPath(path);
    return { ...this.#spanOf(path, at), message: written === "" ? message : `${written}: ${message}` };
  }

  /** The span of the option at `path`, or of the nearest thing around it that is there. */
  #spanOf(path: ConfigPath, at: "key" | "value"): Span {
    let node: unknown = this.#document.contents;
    let span = firstWord(node) ?? NoSpan;
    for (const [depth, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const isLast = depth === path.length - 1;
      if (isSeq(node) && typeof step === "number") {
        node = node.items[step];
        span = firstWord(node) ?? span;
        continue;
      }
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined;
      if (pair === undefined) break;
      const value = isScalar(pair.value) && pair.value.source !== "" ? rangeOf(pair.value) : undefined;
      const key = isScalar(pair.key) ? rangeOf(pair.key) : undefined;
      span = (isLast && at === "value" ? value : undefined) ?? key ?? span;
      node = pair.value;
    }
    return span;
  }

  #describe({ start, end, message }: PlacedFault, severity: string): string {
    const { line, col } = this.#lines.linePos(start);
    const excerpt = excerptOf(withoutSecrets(this.#text), start, start - (col - 1));
    // A tab stays a tab, so that the caret stands below its column however wide tabs are shown.
    const indent = excerpt.text.slice(0, excerpt.position).replaceAll(/[^\t]/g, " ");
    const carets = "^".repeat(Math.max(1, Math.min(end - start, excerpt.text.length - excerpt.position)));
    const gutter = " ".repeat(String(line).length);
    return [
      `${this.name}:${line}:${col}: ${severity}${printable(message)}`,
      `  ${line} | ${excerpt.text}`,
      `  ${gutter} | ${indent}${carets}`,
    ].join("\n");
  }
}

/** The span of `node`, or of its first word if it is a mapping or a list. */
function firstWord(node: unknown): Span | undefined {
  if (isMap(node)) return firstWord(node.items[0]?.key) ?? rangeOf(node);
  if (isSeq(node)) return firstWord(node.items[0]) ?? rangeOf(node);
  return isScalar(node) || isAlias(node) ? rangeOf(node) : undefined;
}

function rangeOf(node: Node): Span | undefined {
  if (!node.range) return undefined;
  const [start, end] = node.range;
  // Of an empty mapping or list the brackets would do, of a broken one nobody knows where it ends.
  return { start, end: isCollection(node) ? start + 1 : end };
}

/**
 * What is wrong with the aliases of `document`. YAML itself notices an anchor that is not there only when it is too late to
 * say where that is, and follows one that is inside itself without end.
 */
function aliasFaults(document: Document.Parsed): PlacedFault[] {
  const anchors = new Map<string, Node>();
  const faults: PlacedFault[] = [];
  let count = 0;
  visit(document, {
    Value: (_, node) => void (node.anchor === undefined || anchors.set(node.anchor, node)),
    Alias: (_, alias, around) => {
      const target = anchors.get(alias.source);
      const fault = (message: string) => {
        faults.push({ ...(rangeOf(alias) ?? NoSpan), message: `not valid YAML: ${message}` });
      };
      count += 1;
      if (target === undefined) fault(`there is no anchor ${alias.source} before this`);
      else if (around.includes(target)) fault(`anchor ${alias.source} is inside itself`);
      else if (count === MaxAliases + 1) fault(`more than ${MaxAliases} aliases`);
    },
  });
  return faults;
}
