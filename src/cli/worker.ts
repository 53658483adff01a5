import { BatchedOutput } from "../gateway/telemetry/batched-output.ts";
import { failureTrace } from "../gateway/telemetry/failure-trace.ts";
import { Worker, type WorkerLink } from "../gateway/worker.ts";
import { Terminal } from "./terminal.ts";

/** The part of `process` a worker works with. */
export type WorkerSide = Pick<NodeJS.Process, "on" | "send" | "env" | "stdout" | "stderr">;

/** Serves for the process that has started this one, until that is gone or lets it go. Returns the exit code. */
export async function runWorker(process: WorkerSide): Promise<number> {
  const errors = new Terminal(process.stderr, process.env);
  // A Ctrl-C, and the SIGTERM of systemd, come to each process; the one above says what follows from them.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("unhandledRejection", (reason) =>
    errors.line(`${errors.paint("red", "a rejected promise that nobody caught:")} ${failureTrace(reason)}`),
  );
  const link: WorkerLink = {
    // Where nobody is there any more, 'disconnect' says so.
    send: (message, sent) => void process.send?.(message, undefined, {}, () => sent?.()),
    onMessage: (listener) => void process.on("message", listener),
    onDisconnect: (listener) => void process.on("disconnect", listener),
  };
  const output = new BatchedOutput(process.stdout);
  // What ends a worker by an exception is often what its last lines are about.
  process.on("exit", () => output.flush());
  const worker = new Worker(link, output);
  await worker.ended;
  return 0;
}
