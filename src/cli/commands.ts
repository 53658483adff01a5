import { readFile } from "node:fs/promises";
import { ConfigError } from "../gateway/config/fault.ts";
import { loadConfig } from "../gateway/config/load.ts";
import { Gateway } from "../gateway/gateway.ts";
import { failureTrace } from "../gateway/telemetry/failure-trace.ts";
import { check } from "./check.ts";
import { parseCommandLine } from "./command-line.ts";
import { run } from "./run.ts";
import { StopSignals, type SignalSource } from "./stop-signals.ts";
import { Terminal, type Output } from "./terminal.ts";
import type { CommandName } from "./usage.ts";

/** The part of `process` the command line works with. */
export interface CommandProcess extends SignalSource {
  on(event: Parameters<SignalSource["on"]>[0], listener: Parameters<SignalSource["on"]>[1]): unknown;
  on(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
  /** Node, the script, and then the arguments. */
  readonly argv: readonly string[];
  readonly env: { readonly NO_COLOR?: string | undefined };
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * Does what the arguments ask for and returns the exit code: 0 done, 1 it failed (and stderr says why), 2 the arguments
 * make no sense; `run` has more.
 */
export async function runCommandLine(process: CommandProcess): Promise<number> {
  const output = new Terminal(process.stdout, process.env);
  const errors = new Terminal(process.stderr, process.env);
  const commandLine = parseCommandLine(process.argv.slice(2));
  switch (commandLine.type) {
    case "print":
      output.line(commandLine.text);
      return 0;
    case "version":
      output.line(await packageVersion());
      return 0;
    case "misuse":
      errors.line(`${errors.paint("red", "hawser:")} ${commandLine.complaint}\nhawser --help tells what there is.`);
      return 2;
    case "command":
      return await runCommand(commandLine, process, { output, errors });
    default:
      return commandLine satisfies never;
  }
}

async function runCommand(
  { command, file }: { readonly command: CommandName; readonly file: string },
  process: CommandProcess,
  { output, errors }: { readonly output: Terminal; readonly errors: Terminal },
): Promise<number> {
  try {
    if (command === "check") {
      const warnings: string[] = [];
      const config = await loadConfig(file, { warn: (warning) => warnings.push(warning), storeCertificates: false });
      check(file, config, warnings, output);
      return 0;
    }
    const config = await loadConfig(file, { warn: (warning) => errors.line(errors.paint("yellow", warning)) });
    // A handler that sends from a timer of its own may find its client gone: that ends nobody else's WebSocket.
    process.on("unhandledRejection", (reason) =>
      errors.line(`${errors.paint("red", "a rejected promise that nobody caught:")} ${failureTrace(reason)}`),
    );
    const log = (line: string) => output.line(line);
    const gateway = new Gateway(config, { log, version: await packageVersion(), style: { colour: output.hasColours } });
    return await run(gateway, new StopSignals(process), errors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.line(error.message);
    errors.line(errors.paint("red", `${file}: ${error.count} fault${error.count === 1 ? "" : "s"}`));
    return 1;
  }
}

async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
