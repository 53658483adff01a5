import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

const Comparisons = ["Eql", "Neq", "Gtr", "Lss", "Gte", "Lte"];

/** An expression, taken apart. */
export interface ParsedQuery {
  /** Names of the metrics that are asked for. */
  readonly metrics: ReadonlySet<string>;
  /** Labels that are matched, or that something is summed or joined by. */
  readonly labels: ReadonlySet<string>;
  /** The words that labels are compared with, whether they are to have them or not. */
  readonly values: readonly { readonly label: string; readonly value: string }[];
  /**
   * What has to have a value whether an alert fires or not: each side of a comparison but numbers, and what is asked for its
   * absence. The expression itself, where there is none.
   */
  readonly operands: readonly string[];
}

/** Takes `expr` apart. @throws Error where it is no PromQL. */
export function parseQuery(expr: string): ParsedQuery {
  const tree = parser.parse(expr);
  const textOf = ({ from, to }: { from: number; to: number }): string => expr.slice(from, to);
  const metrics = new Set<string>();
  const labels = new Set<string>();
  const values: { label: string; value: string }[] = [];
  const operands: string[] = [];
  tree.iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expr}`);
      if (node.name === "VectorSelector") {
        const name = node.node.getChild("Identifier");
        if (name !== null) metrics.add(textOf(name));
      }
      if (node.name === "LabelName") labels.add(textOf(node));
      if (node.name === "UnquotedLabelMatcher") values.push(...wordsIn(textOf(node)));
      if (node.name === "BinaryExpr" || node.name === "FunctionCall") {
        operands.push(...comparedIn(node.node).map((one) => textOf(one)));
      }
    },
  });
  return { metrics, labels, values, operands: operands.length === 0 ? [expr] : operands };
}

/** The sides of a comparison, the argument of `absent`. */
function comparedIn(node: SyntaxNode): readonly SyntaxNode[] {
  const isAbsent = (node.getChild("FunctionIdentifier")?.getChild("Absent") ?? null) !== null;
  if (isAbsent) return node.getChild("FunctionCallBody")?.getChildren("Expr") ?? [];
  const isComparison = Comparisons.some((name) => node.getChild(name) !== null);
  return isComparison ? node.getChildren("Expr").filter(({ name }) => name !== "NumberDurationLiteral") : [];
}

/** The alternatives of a matcher such as `code=~"1006|1011"` that are words. */
function wordsIn(matcher: string): readonly { label: string; value: string }[] {
  const [, label = "", text = ""] = /^(\w+)\W+"(.*)"$/.exec(matcher) ?? [];
  return text
    .split("|")
    .filter((value) => /^\w+$/.test(value))
    .map((value) => ({ label, value }));
}
