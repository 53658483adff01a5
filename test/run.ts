// `npm test`: runs the suites that are named in the arguments, or all.

import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { notesIn, progressLine, summary, verdictLine } from "./runner/report.ts";
import { runCommand } from "./runner/run-command.ts";
import { deadlineOf, selectSuites, Suites, unknownNames, type Suite } from "./runner/suites.ts";
import { failureNotice, obstacleNotice, type Installation } from "./runner/installation.ts";
import { InstallationSteps, unmet } from "./runner/requirements.ts";
import { ownSurroundings } from "./runner/surroundings.ts";
import { judge, leaveOut, parseTestCounts, type Verdict } from "./runner/verdict.ts";

const Around = ownSurroundings();
const Folder = Around.projectFolder;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.abort());
process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = unknownNames(Suites, names);
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(", ")}. There are: ${Suites.map((suite) => suite.name).join(", ")}.`);
    return 2;
  }
  const suites = selectSuites(Suites, names);
  const isCi = process.env["CI"] === "true";
  await installWhatIsMissing(suites);
  const verdicts: Verdict[] = [];
  const notes: string[] = [];
  for (const suite of suites) {
    const missing = unmet(suite.needs, Around).map((one) => one.name);
    if (missing.length > 0) {
      verdicts.push(leaveOut(suite, missing, isCi));
    } else {
      const { verdict, output } = await runSuite(suite);
      if (interruption.signal.aborted) return 130;
      verdicts.push(verdict);
      notes.push(...notesIn(output));
      if (verdict.outcome === "failed")
        console.log(`\n${output.trim()}\n\nTo repeat it: npm test -- '${suite.name}'\n`);
    }
  }
  console.log(["", ...summary(verdicts, notes)].join("\n"));
  return verdicts.some((verdict) => verdict.outcome === "failed") ? 1 : 0;
}

async function installWhatIsMissing(suites: readonly Suite[]): Promise<void> {
  const needs = suites.flatMap((suite) => suite.needs);
  for (const installationsOf of InstallationSteps) {
    for (const installation of installationsOf(unmet(needs, Around), Around)) await install(installation);
  }
}

async function install(installation: Installation): Promise<void> {
  if (installation.obstacle !== undefined) return console.log(obstacleNotice(installation));
  if (interruption.signal.aborted) return;
  console.log(`Installing ${installation.names.join(", ")}`);
  const { exitCode, output } = await runCommand(installation.command, {
    folder: Folder,
    timeoutSeconds: installation.timeoutSeconds,
    signal: interruption.signal,
  });
  if (exitCode !== 0) console.log(failureNotice(installation, output));
}

async function runSuite(suite: Suite): Promise<{ verdict: Verdict; output: string }> {
  const report = suite.report && join(Folder, suite.report);
  if (report !== undefined) {
    await mkdir(dirname(report), { recursive: true });
    await rm(report, { force: true });
  }
  const stopProgress = showProgress(suite);
  const run = await runCommand(suite.command, {
    folder: Folder,
    timeoutSeconds: deadlineOf(suite.budgetSeconds),
    signal: interruption.signal,
  });
  stopProgress();
  const json = report && (await readFile(report, "utf8").catch(() => undefined));
  const verdict = judge(suite, run, json === undefined ? undefined : parseTestCounts(json));
  console.log(verdictLine(verdict));
  return { verdict, output: run.output };
}

/** On a terminal one line that counts, and goes at the end; in a log one line at the start. */
function showProgress(suite: Suite): () => void {
  if (!process.stdout.isTTY) {
    console.log(progressLine(suite, 0));
    return () => {};
  }
  const startedAt = performance.now();
  const show = (): boolean =>
    process.stdout.write(`\r${progressLine(suite, (performance.now() - startedAt) / 1000)}\x1b[K`);
  show();
  const timer = setInterval(show, 1000);
  return () => {
    clearInterval(timer);
    process.stdout.write("\r\x1b[K");
  };
}
