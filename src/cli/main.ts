#!/usr/bin/env node
import { ensureRuntime } from "./runtime.ts";
import { WorkerArgument } from "./worker-argument.ts";
import { keepYoungGenerationSmall } from "./young-generation.ts";

// Everything else is loaded only once it is certain that this Node can.
if (await ensureRuntime()) {
  keepYoungGenerationSmall(process.execArgv);
  const isWorker = process.argv[2] === WorkerArgument && process.send !== undefined;
  const exitCode = isWorker
    ? (await import("./worker.ts")).runWorker(process)
    : (await import("./commands.ts")).runCommandLine(process);
  // Without `exit`, a timer that a handler module left behind would keep a stopped gateway alive.
  process.exit(await exitCode);
}
