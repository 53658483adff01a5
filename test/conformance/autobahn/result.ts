import { type ConformanceCase, groupOf } from "./case.ts";
import { ConformanceCases } from "./cases.ts";
import type { Verdict } from "./run-case.ts";

/** What came of all cases in one combination. */
export interface CombinationResult {
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}

/** Where and when it was. */
export interface Circumstances {
  readonly date: string;
  readonly node: string;
  readonly machine: string;
}

/** Each group with its cases, in order. */
export const Groups: ReadonlyMap<number, readonly ConformanceCase[]> = Map.groupBy(ConformanceCases, groupOf);

/** The cases passed and failed among `verdicts`, and their time, as a cell or a line has it. */
export function summaryOf(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter(({ fault }) => fault !== undefined).length;
  const seconds = verdicts.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  return `${verdicts.length - failed} passed, ${failed} failed, ${seconds.toFixed(1)} s`;
}

/** The verdicts on the cases of `group`. */
export function verdictsOn(group: number, verdicts: readonly Verdict[]): Verdict[] {
  const numbers = new Set(Groups.get(group)?.map(({ number }) => number));
  return verdicts.filter(({ number }) => numbers.has(number));
}

/** The result as a page of Markdown. */
export function resultPage(results: readonly CombinationResult[], { date, node, machine }: Circumstances): string {
  const row = (first: string, cells: readonly string[]) => `| ${[first, ...cells].join(" | ")} |`;
  const rows = [...Groups].map(([group, cases]) =>
    row(
      `${group} (${cases.length})`,
      results.map(({ verdicts }) => summaryOf(verdictsOn(group, verdicts))),
    ),
  );
  return [
    `# Conformance, ${date}`,
    "",
    `Autobahn's ${ConformanceCases.length} cases by our own tester, strict, all of each: \`npm run conformance\` on Node ${node}, ${machine}.`,
    "",
    row(
      "Group (cases)",
      results.map(({ name }) => name),
    ),
    row(
      "---",
      results.map(() => "---"),
    ),
    ...rows,
    row(
      "all",
      results.map(({ verdicts }) => summaryOf(verdicts)),
    ),
    "",
    "## Failures",
    "",
    ...failureLines(results),
    "",
  ].join("\n");
}

function failureLines(results: readonly CombinationResult[]): string[] {
  const lines = results.flatMap(({ name, verdicts }) =>
    verdicts.flatMap(({ number, fault }) => (fault === undefined ? [] : `- ${number} as ${name}: ${fault}`)),
  );
  return lines.length === 0 ? ["None."] : lines;
}
