import type { CommandRun } from "./run-command.ts";
import { deadlineOf, type Suite } from "./suites.ts";

/** What one suite came to. */
export interface Verdict {
  readonly suite: Suite;
  readonly outcome: "passed" | "failed" | "left out";
  /** Why it failed or was left out, or what is to be noted although it passed; empty where there is nothing to say. */
  readonly remark: string;
  readonly seconds: number;
  readonly tests: number | undefined;
  readonly skipped: number | undefined;
}

/** Tests by their end, from vitest's report. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the counts of vitest's JSON report.
 *
 * @throws Error where `json` is not such a report.
 */
export function parseTestCounts(json: string): TestCounts {
  const report: Readonly<Record<string, unknown>> = JSON.parse(json);
  const count = (name: string): number => {
    const value = report[name];
    if (typeof value !== "number") throw new Error(`The test report has no ${name}.`);
    return value;
  };
  return {
    passed: count("numPassedTests"),
    failed: count("numFailedTests"),
    skipped: count("numPendingTests") + count("numTodoTests"),
  };
}

/** Judges how a suite ran. `counts` is `undefined` where it wrote no report. */
export function judge(suite: Suite, run: CommandRun, counts: TestCounts | undefined): Verdict {
  const broken = brokenPromise(suite, run, counts);
  const overBudget = run.seconds > suite.budgetSeconds ? "over its budget" : "";
  return {
    suite,
    outcome: broken === undefined ? "passed" : "failed",
    remark: broken ?? overBudget,
    seconds: run.seconds,
    tests: counts && counts.passed + counts.failed,
    skipped: counts?.skipped,
  };
}

function brokenPromise(suite: Suite, run: CommandRun, counts: TestCounts | undefined): string | undefined {
  if (run.timedOut) return `killed at twice its budget (${deadlineOf(suite.budgetSeconds)} s)`;
  if (run.exitCode === undefined) return "ended by a signal";
  if (run.exitCode !== 0) return counts && counts.failed > 0 ? `${counts.failed} failed` : `exit code ${run.exitCode}`;
  if (run.leftovers > 0) return `left ${run.leftovers} processes behind`;
  if (suite.report === undefined) return undefined;
  if (counts === undefined) return "wrote no test report";
  if (counts.passed + counts.failed === 0) return "ran no test";
  // What is skipped is not heard of again: a test that cannot run here belongs into a suite that can be left out.
  if (counts.skipped > 0) return `${counts.skipped} skipped`;
  return undefined;
}

/** A suite that cannot run here. Where nobody would read about it, in CI, that is a failure. */
export function leaveOut(suite: Suite, missing: readonly string[], isCi: boolean): Verdict {
  const remark = `needs ${missing.join(" and ")}`;
  return {
    suite,
    outcome: isCi ? "failed" : "left out",
    remark,
    seconds: 0,
    tests: undefined,
    skipped: undefined,
  };
}
