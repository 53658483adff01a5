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
import { placeYamlError, type PlacedFault, type Span } from "./yaml-error.ts";

const NoSpan: Span = { start: 0, end: 0 };

/** The text of a config file, what YAML makes of it, and where in the text each value stands. */
export class YamlSource {
  readonly #name: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  /** Aliases of anchors that are not there: YAML itself notices them only when it is too late to say where they are. */
  readonly #dangling: PlacedFault[] = [];

  /** @param name - the file as its user calls it, for messages. */
  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true });
    visit(this.#document, {
      Alias: (_, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const message = `not valid YAML: there is no anchor ${alias.source} before this`;
        this.#dangling.push({ ...(rangeOf(alias) ?? NoSpan), message });
      },
    });
  }

  /**
   * Why the text is so far from YAML that its value means nothing, or `undefined` if it is not: the first place alone,
   * since one slip makes YAML misread much of what follows. A key that is there twice is no such thing.
   */
  get syntaxFault(): string | undefined {
    const errors = this.#document.errors.filter(({ code }) => code !== "DUPLICATE_KEY");
    const placed = [...errors.map((error) => placeYamlError(error, this.#text)), ...this.#dangling];
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

  #place({ path, at, message, other }: Fault): PlacedFault {
    const written = formatPath(path);
    const whole = other === undefined ? message : `${message} ${this.#mention(other)}`;
    return { ...this.#spanOf(path, at), message: written === "" ? whole : `${written}: ${whole}` };
  }

  #mention({ path, name }: NonNullable<Fault["other"]>): string {
    const { line } = this.#lines.linePos(this.#spanOf(path, "key").start);
    return `${formatPath(path)} (${name === undefined ? "" : `${name}, `}line ${line})`;
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
    const lineStart = start - (col - 1);
    const sourceLine = /[^\r\n]*/.exec(this.#text.slice(lineStart))?.[0] ?? "";
    // A tab stays a tab, so that the caret stands below its column however wide tabs are shown.
    const indent = sourceLine.slice(0, col - 1).replaceAll(/[^\t]/g, " ");
    const carets = "^".repeat(Math.max(1, Math.min(end - start, sourceLine.length - indent.length)));
    const gutter = " ".repeat(String(line).length);
    return [
      `${this.#name}:${line}:${col}: ${severity}${message}`,
      `  ${line} | ${sourceLine}`,
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
