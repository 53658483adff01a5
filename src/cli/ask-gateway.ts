import type { Environment } from "../gateway/config/environment.ts";
import { adminAccess } from "./admin-access.ts";
import { AdminClient, AdminFailure } from "./admin-client.ts";
import type { CommandLine } from "./command-line.ts";
import { listStreams } from "./list-streams.ts";
import { Screen, type KeyboardInput, type ScreenOutput } from "./screen.ts";
import { SignalExitCode, type SignalSource, type StopSignal } from "./stop-signals.ts";
import { tailStream } from "./tail-stream.ts";
import type { Terminal } from "./terminal.ts";
import { printTop, watchTop } from "./top.ts";

/** The part of `process` that is needed to ask a gateway that runs. */
export interface AskingProcess extends SignalSource {
  on(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  readonly env: Environment;
  readonly stdin: KeyboardInput;
  readonly stdout: ScreenOutput;
}

/** What is asked of a gateway that runs. */
export type Question = Extract<CommandLine, { readonly type: "top" | "streams" | "tail" }>;

/** Asks it, and returns the exit code: 0, or 1 where it cannot be asked (and `errors` says why); of a signal, its own. */
export async function askGateway(
  question: Question,
  process: AskingProcess,
  { output, errors }: { readonly output: Terminal; readonly errors: Terminal },
): Promise<number> {
  try {
    const client = new AdminClient(await adminAccess(question.options, process.env));
    switch (question.type) {
      case "top":
        return await top(client, process, output);
      case "streams":
        await listStreams(client, question.options, process.stdout);
        return 0;
      case "tail":
        await tailStream(client, question.id, question.options, process.stdout);
        return 0;
      default:
        return question satisfies never;
    }
  } catch (error) {
    if (!(error instanceof AdminFailure)) throw error;
    errors.line(`${errors.paint("red", "hawser:")} ${error.message}`);
    return 1;
  }
}

async function top(client: AdminClient, process: AskingProcess, output: Terminal): Promise<number> {
  const { stdin, stdout } = process;
  if (stdout.isTTY !== true || stdin.isTTY !== true) {
    await printTop(client, output);
    return 0;
  }
  const stop = new AbortController();
  let exitCode = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      exitCode = SignalExitCode[signal];
      stop.abort();
    });
  }
  const screen = new Screen(stdin, stdout, output);
  // Whatever ends the process: who sits there gets the terminal back.
  process.on("exit", () => screen.close());
  await watchTop(client, screen, stop.signal);
  return exitCode;
}
