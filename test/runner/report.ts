import type { Suite } from "./suites.ts";
import type { Verdict } from "./verdict.ts";

/** The longest name, and two spaces. */
const NameWidth = 30;

/** What is said of a suite while it runs. */
export function progressLine(suite: Suite, seconds: number): string {
  return `${suite.name.padEnd(NameWidth)}running   ${inBudget(seconds, suite.budgetSeconds)}`;
}

/** What is said of a suite at its end. */
export function verdictLine({ suite, outcome, remark, seconds, tests, skipped }: Verdict): string {
  const columns = [
    suite.name.padEnd(NameWidth),
    outcome.padEnd(10),
    inBudget(seconds, suite.budgetSeconds),
    (tests === undefined ? "" : `${tests} tests`).padStart(13),
    (skipped === undefined ? "" : `${skipped} skipped`).padStart(12),
    remark === "" ? "" : `  ${remark}`,
  ];
  return columns.join("").trimEnd();
}

function inBudget(seconds: number, budgetSeconds: number): string {
  return `${seconds.toFixed(1).padStart(6)} s of ${String(budgetSeconds).padStart(3)} s`;
}

/** The lines that end a run: the table, what was not shown, and the result. */
export function summary(verdicts: readonly Verdict[], notes: readonly string[]): readonly string[] {
  const total = verdicts.reduce((sum, verdict) => sum + verdict.seconds, 0);
  const failed = verdicts.filter((verdict) => verdict.outcome === "failed").map((verdict) => verdict.suite.name);
  const leftOut = verdicts.filter((verdict) => verdict.outcome === "left out").map((verdict) => verdict.suite.name);
  const result = failed.length > 0 ? `FAILED: ${failed.join(", ")}` : leftOut.length > 0 ? "passed in part" : "passed";
  return [
    ...verdicts.map(verdictLine),
    "",
    ...(leftOut.length > 0 ? [`NOT RUN: ${leftOut.join(", ")}. With CI=true this is a failure.`] : []),
    ...notes,
    `${result}, in ${Math.floor(total / 60)} min ${Math.round(total % 60)} s`,
  ];
}

/** The lines by which a test says what it could not show on this machine. */
export function notesIn(output: string): readonly string[] {
  return output.split("\n").filter((line) => line.startsWith("NOT SHOWN: "));
}
