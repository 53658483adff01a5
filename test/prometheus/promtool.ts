import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What promtool said. */
export interface Verdict {
  readonly exitCode: number;
  /** Both outputs. */
  readonly output: string;
}

const DeadlineMs = 30_000;

/** Runs promtool with `input` as its standard input. */
export async function promtool(args: readonly string[], input = ""): Promise<Verdict> {
  const child = spawn("promtool", args, { stdio: "pipe", timeout: DeadlineMs });
  // It may end before it has read all.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exited = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = (await exited) as [number | null];
  return { exitCode: exitCode ?? -1, output: stdout + stderr };
}
