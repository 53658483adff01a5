import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const DeadlineMs = 30_000;

/** Runs promtool with `input` as its standard input, and returns what it says. @throws Error with that, unless all is well. */
export async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = spawn("promtool", args, { stdio: "pipe", timeout: DeadlineMs });
  // It may end before it has read all.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exited = once(child, "exit");
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join("");
  const [exitCode] = await exited;
  if (exitCode !== 0) throw new Error(`promtool ${args.join(" ")} ended with ${exitCode}:\n${output}`);
  return output;
}
