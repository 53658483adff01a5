import { readFile } from "node:fs/promises";
import type { Config } from "../gateway/config/config.ts";
import { ConfigError } from "../gateway/config/fault.ts";
import { configJsonSchema } from "../gateway/config/json-schema.ts";
import { loadConfig } from "../gateway/config/load.ts";
import { workerShare } from "../gateway/config/worker-share.ts";
import { Gateway } from "../gateway/gateway.ts";
import { AccessLog } from "../gateway/telemetry/access-log.ts";
import { BatchedOutput } from "../gateway/telemetry/batched-output.ts";
import type { Service } from "../gateway/lifecycle/service.ts";
import type { WorkerPoolOptions } from "../gateway/lifecycle/worker-pool.ts";
import { descriptorNeeds } from "../gateway/lifecycle/descriptor-needs.ts";
import { descriptorWarning, openFilesLimit } from "../gateway/lifecycle/descriptors.ts";
import { failureTrace } from "../gateway/telemetry/failure-trace.ts";
import { askGateway, type AskingProcess } from "./ask-gateway.ts";
import { check } from "./check.ts";
import { parseCommandLine } from "./command-line.ts";
import { amount } from "./quantities.ts";
import { run } from "./run.ts";
import { isTerminalGone } from "./terminal-end.ts";
import { StopSignals, type SignalSource } from "./stop-signals.ts";
import { Terminal, type Output } from "./terminal.ts";
import type { FileCommandName } from "./usage.ts";
import { WorkerArgument } from "./worker-argument.ts";

/** The part of `process` the command line works with. */
export interface CommandProcess extends AskingProcess {
  on(event: Parameters<SignalSource["on"]>[0], listener: Parameters<SignalSource["on"]>[1]): unknown;
  on(event: "unhandledRejection", listener: (reason: unknown) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  /** Node, the script, and then the arguments. */
  readonly argv: readonly string[];
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
    case "schema":
      output.line(JSON.stringify(configJsonSchema(), undefined, 2));
      return 0;
    case "misuse":
      errors.line(`${errors.paint("red", "hawser:")} ${commandLine.complaint}\nhawser --help tells what there is.`);
      return 2;
    case "top":
    case "streams":
    case "tail":
      return await askGateway(commandLine, process, { output, errors });
    case "command":
      return await runCommand(commandLine, process, { output, errors });
    default:
      return commandLine satisfies never;
  }
}

async function runCommand(
  { command, file }: { readonly command: FileCommandName; readonly file: string },
  process: CommandProcess,
  { output, errors }: { readonly output: Terminal; readonly errors: Terminal },
): Promise<number> {
  try {
    if (command === "check") {
      const warnings: string[] = [];
      const config = await loadConfig(file, {
        environment: process.env,
        warn: (warning) => warnings.push(warning),
        storeCertificates: false,
      });
      const openFiles = openFilesLimit();
      warnings.push(...shortages(file, config, openFiles));
      check(file, config, { warnings, openFiles }, output);
      return 0;
    }
    return await runGateway(file, process, { output, errors });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    errors.line(error.message);
    errors.line(errors.paint("red", `${file}: ${amount(error.count, "fault")}`));
    return 1;
  }
}

async function runGateway(
  file: string,
  process: CommandProcess,
  { output, errors }: { readonly output: Terminal; readonly errors: Terminal },
): Promise<number> {
  const warn = (warning: string): void => errors.line(errors.paint("yellow", warning));
  const load = () => loadConfig(file, { environment: process.env, warn });
  const readSinceMs = Date.now();
  const config = await load();
  shortages(file, config, openFilesLimit()).forEach(warn);
  // A handler that sends from a timer of its own may find its client gone: that ends nobody else's WebSocket.
  process.on("unhandledRejection", (reason) =>
    errors.line(`${errors.paint("red", "a rejected promise that nobody caught:")} ${failureTrace(reason)}`),
  );
  const isTerminal = process.stdout.isTTY === true;
  const format = isTerminal ? "text" : "json";
  const lines = new BatchedOutput(process.stdout);
  // What ends a process by an exception is often what its last lines are about.
  process.on("exit", () => lines.flush());
  const log = new AccessLog({ format, output: lines, colour: output.hasColours });
  const version = await packageVersion();
  const program = [process.argv[1] ?? "", WorkerArgument] as const;
  const pool = { log, version, program, logForm: { format, colour: output.hasColours } } as const;
  const gateway = new Gateway(config, {
    log,
    version,
    load,
    readSinceMs,
    ...(config.workers > 1 && { service: await workersFor(config, pool) }),
  });
  const signals = new StopSignals(process, () => isTerminal && isTerminalGone());
  const exitCode = await run(gateway, signals, errors);
  await log.close();
  return exitCode;
}

/** What several workers need is loaded only where there are some. */
async function workersFor(config: Config, options: WorkerPoolOptions): Promise<Service> {
  const { WorkerPool } = await import("../gateway/lifecycle/worker-pool.ts");
  return new WorkerPool(config, options);
}

/** The warning that a process with `openFiles` has too few for what the config in `file` allows; none where it has enough. */
function shortages(file: string, config: Config, openFiles: number | undefined): string[] {
  const shortage = descriptorWarning(descriptorNeeds(workerShare(config, config.workers)), openFiles);
  return shortage === undefined ? [] : [`${file}: warning: ${shortage}`];
}

async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
