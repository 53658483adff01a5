import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { notesIn, progressLine, summary, verdictLine } from "./runner/report.ts";
import { runCommand, type CommandRun } from "./runner/run-command.ts";
import { deadlineOf, selectSuites, Suites, unknownNames, type Suite } from "./runner/suites.ts";
import { judge, leaveOut, parseTestCounts } from "./runner/verdict.ts";

const TestSuite: Suite = { name: "unit", command: "vitest", budgetSeconds: 30, report: "unit.json", needs: [] };
const ToolSuite: Suite = { name: "lint", command: "oxlint", budgetSeconds: 30, needs: [] };
const GoodRun: CommandRun = { exitCode: 0, timedOut: false, leftovers: 0, seconds: 1, output: "" };
const Counts = { passed: 7, failed: 0, skipped: 0 };

describe("the suites", () => {
  // Who waits for all of them waits so long. That one hangs is seen at twice its own budget.
  test("end within 45 minutes where each keeps to its budget", () => {
    const most = Suites.reduce((sum, suite) => sum + suite.budgetSeconds, 0);
    expect(most).toBeLessThanOrEqual(45 * 60);
  });

  test("unit ends within 60 seconds and needs nothing installed", () => {
    const [unit] = selectSuites(Suites, ["unit"]);
    expect(deadlineOf(unit!.budgetSeconds)).toBeLessThanOrEqual(60);
    expect(unit!.needs).toEqual([]);
  });

  test("are told apart by name", () => {
    expect(selectSuites(Suites, [])).toEqual(Suites);
    expect(selectSuites(Suites, ["unit", "lint"]).map((suite) => suite.name)).toEqual(["lint", "unit"]);
    expect(unknownNames(Suites, ["unit", "units"])).toEqual(["units"]);
  });

  test("of vitest are its projects: each of them is run, with all its test files", () => {
    const config = readFileSync(join(import.meta.dirname, "../vitest.config.ts"), "utf8");
    const projects = [...config.matchAll(/(?:parallel|serial)\("(\w+)"/g)].map(([, name]) => name);
    const commands = Suites.map((suite) => suite.command).filter((command) => command.includes("vitest run"));
    const run = commands.map((command) => /--project (\w+)/.exec(command)?.[1]);
    expect(new Set(run)).toEqual(new Set(projects));
    const excluded = commands.flatMap((command) => /--exclude '([^']+)\*\*'/.exec(command)?.[1] ?? []);
    const apart = commands.flatMap((command) => / (test\/\S+)/.exec(command)?.[1] ?? []);
    expect(excluded).toEqual(apart);
  });
});

describe("a verdict", () => {
  test.each([
    { name: "all good", run: {}, counts: Counts, outcome: "passed", remark: "" },
    { name: "slow", run: { seconds: 31 }, counts: Counts, outcome: "passed", remark: "over its budget" },
    {
      name: "killed",
      run: { timedOut: true, exitCode: undefined },
      outcome: "failed",
      remark: "twice its budget (60 s)",
    },
    { name: "a signal", run: { exitCode: undefined }, outcome: "failed", remark: "signal" },
    { name: "an exit code", run: { exitCode: 2 }, outcome: "failed", remark: "exit code 2" },
    {
      name: "failed tests",
      run: { exitCode: 1 },
      counts: { ...Counts, failed: 3 },
      outcome: "failed",
      remark: "3 failed",
    },
    { name: "processes left", run: { leftovers: 2 }, counts: Counts, outcome: "failed", remark: "left 2 processes" },
    { name: "no report", run: {}, outcome: "failed", remark: "no test report" },
    { name: "no test", run: {}, counts: { ...Counts, passed: 0 }, outcome: "failed", remark: "ran no test" },
    { name: "only skips", run: {}, counts: { ...Counts, skipped: 1 }, outcome: "failed", remark: "1 skipped" },
  ])("of $name is: $outcome, $remark", ({ run, counts, outcome, remark }) => {
    const verdict = judge(TestSuite, { ...GoodRun, ...run }, counts);
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.remark).toContain(remark);
    expect(verdict.remark === "").toBe(remark === "");
  });

  test("of a tool needs no report", () => {
    expect(judge(ToolSuite, GoodRun, undefined).outcome).toBe("passed");
  });

  test("of what cannot run here is a failure in CI alone", () => {
    expect(leaveOut(TestSuite, ["chromium"], false)).toMatchObject({ outcome: "left out", remark: "needs chromium" });
    expect(leaveOut(TestSuite, ["chromium"], true)).toMatchObject({ outcome: "failed", remark: "needs chromium" });
  });

  test("counts tests that are pending or to do as skipped", () => {
    const report = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 3 };
    expect(parseTestCounts(JSON.stringify(report))).toEqual({ passed: 5, failed: 1, skipped: 5 });
    expect(() => parseTestCounts("{}")).toThrow("numPassedTests");
  });
});

describe("the report", () => {
  const passed = judge(TestSuite, { ...GoodRun, seconds: 12.34 }, Counts);
  const failed = judge(ToolSuite, { ...GoodRun, exitCode: 1 }, undefined);
  const leftOut = leaveOut({ ...TestSuite, name: "e2e" }, ["chromium"], false);

  test("has one line per suite, in columns", () => {
    expect([progressLine(TestSuite, 3), ...[passed, failed, leftOut].map(verdictLine)]).toEqual([
      "unit                          running      3.0 s of  30 s",
      "unit                          passed      12.3 s of  30 s      7 tests   0 skipped",
      "lint                          failed       1.0 s of  30 s                           exit code 1",
      "e2e                           left out     0.0 s of  30 s                           needs chromium",
    ]);
  });

  test.each([
    { name: "all passed", verdicts: [passed], ends: ["passed, in 0 min 12 s"] },
    { name: "one failed", verdicts: [passed, failed], ends: ["FAILED: lint, in 0 min 13 s"] },
    {
      name: "one was left out",
      verdicts: [passed, leftOut],
      ends: ["NOT RUN: e2e. With CI=true this is a failure.", "passed in part, in 0 min 12 s"],
    },
  ])("ends with the result when $name", ({ verdicts, ends }) => {
    expect(summary(verdicts, []).slice(verdicts.length)).toEqual(["", ...ends]);
  });

  test("has a column that holds each name", () => {
    expect(
      Suites.map(({ name }) => name).filter((name) => !progressLine({ ...TestSuite, name }, 0).includes(`${name}  `)),
    ).toEqual([]);
  });

  test("repeats what a test could not show here", () => {
    const notes = notesIn("✓ one\nNOT SHOWN: no old Node here\n✓ two");
    expect(notes).toEqual(["NOT SHOWN: no old Node here"]);
    expect(summary([passed], notes)).toContain("NOT SHOWN: no old Node here");
  });
});

describe("a command", () => {
  const run = (command: string, timeoutSeconds = 20, signal = new AbortController().signal): Promise<CommandRun> =>
    runCommand(command, { folder: join(import.meta.dirname, ".."), timeoutSeconds, signal });

  test("runs in the project, on the project's programs, and both its outputs are kept", async () => {
    const result = await run("echo out; echo err >&2; command -v vitest; test -f package.json && exit 3");
    expect(result.output).toMatch(/^out\nerr\n.*node_modules\/\.bin\/vitest\n$/);
    expect(result).toMatchObject({ exitCode: 3, timedOut: false, leftovers: 0 });
  });

  test("that takes too long is killed together with a child in another process group", async () => {
    const result = await run("setsid sleep 61 & echo $!; sleep 62", 0.5);
    expect(result).toMatchObject({ exitCode: undefined, timedOut: true });
    expect(result.seconds).toBeLessThan(10);
    expect(isAlive(Number(result.output))).toBe(false);
  });

  test("that leaves a process behind is told of it, and the process is killed", async () => {
    const result = await run("setsid sleep 63 & echo $!");
    expect(result).toMatchObject({ exitCode: 0, leftovers: 1 });
    expect(isAlive(Number(result.output))).toBe(false);
  });

  test("ends when it is interrupted", async () => {
    const result = await run("sleep 64", 20, AbortSignal.timeout(100));
    expect(result).toMatchObject({ exitCode: undefined, timedOut: false });
  });
});

/** A killed process whose parent has not looked at it yet is a zombie, and no longer alive. */
function isAlive(pid: number): boolean {
  expect(pid).toBeGreaterThan(0);
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
