// The original test suite against our server and our client over HTTP/1.1, and whether its verdicts are ours:
// `npm run conformance:autobahn`. Needs `wstest` on PATH (it runs on Python 2.7). The exit code is 1 where a verdict is not
// a pass or not ours, and 2 where there is no `wstest`.

import { ConformanceCases } from "./autobahn/cases.ts";
import { Combinations } from "./autobahn/combinations.ts";
import { hasOriginal, judgeClient, judgeServer, type OriginalVerdicts } from "./autobahn/original.ts";
import { runCase } from "./autobahn/run-case.ts";
import { TestRunOptions } from "./autobahn/share.ts";

/** What the original may say of a pass; "NON-STRICT" is none. */
const Passes = ["OK", "INFORMATIONAL"];

/** The original's verdicts beside ours in the combination of this name; returns how many are not both a pass. */
async function compare(name: string, verdicts: OriginalVerdicts): Promise<number> {
  const endpoint = await Combinations.find((combination) => combination.name === name)!.start();
  const lines: string[] = [];
  for (const testCase of ConformanceCases) {
    const { number, fault } = await runCase(testCase, endpoint, TestRunOptions);
    const { behavior = "not run", behaviorClose = "not run" } = verdicts.get(number) ?? {};
    const isPass = Passes.includes(behavior) && Passes.includes(behaviorClose);
    if (isPass && fault === undefined) continue;
    lines.push(
      `${number} as ${name}: Autobahn says ${behavior}, at the end ${behaviorClose}; we say ${fault ?? "passed"}`,
    );
  }
  await endpoint.close();
  for (const line of lines) console.log(line);
  console.log(`${name}: ${ConformanceCases.length - lines.length} of ${ConformanceCases.length} passed in both`);
  return lines.length;
}

async function main(): Promise<number> {
  if (!(await hasOriginal())) {
    console.log("Autobahn's `wstest` is not on PATH, so nothing was run and nothing was compared.");
    return 2;
  }
  const different =
    (await compare("h1 server", await judgeServer())) + (await compare("h1 client", await judgeClient()));
  return different === 0 ? 0 : 1;
}

process.exitCode = await main();
