import { type ConformanceCase, groupOf } from "./case.ts";
import type { RunOptions } from "./run-case.ts";

/** The groups whose cases take long. */
const LongGroups = [12, 13];

/** Where the test command runs those whole: each role once, and each HTTP version. */
const WholeIn = ["h2 server", "h1 client"];

/** What it runs of them elsewhere: one of each sub-group, in one frame or in many. */
const Sample = [
  ...["12.1.11", "12.2.5", "12.3.11", "12.4.5", "12.5.11"],
  ...["13.1.11", "13.2.5", "13.3.11", "13.4.5", "13.5.11", "13.6.5", "13.7.11"],
];

const MiB = 1024 * 1024;

/** Whether the test command runs `testCase` in the combination of this name. */
export function isInTests(testCase: ConformanceCase, combination: string): boolean {
  return !LongGroups.includes(groupOf(testCase)) || WholeIn.includes(combination) || Sample.includes(testCase.number);
}

/** How much of a case it runs: all 1000 messages up to 2 KiB, of larger ones what fits into 2 MiB. */
export const TestRunOptions: RunOptions = { maxVolleyOctets: 2 * MiB };
