import { SignalExitCode, type StopSignals } from "./stop-signals.ts";
import type { Terminal } from "./terminal.ts";

/** The exit code where a gateway that had started cannot go on. */
const FailedExitCode = 3;

/** What `run` asks of a gateway. */
export interface RunnableGateway {
  /** Resolves with the reason if it cannot go on. */
  readonly failed: Promise<Error>;
  /** Rejects with an Error that says why it cannot run. */
  start(): Promise<void>;
  /** Takes a changed config over, or says in its log why not. */
  reload(): Promise<unknown>;
  /** Resolves when every stream has been closed. */
  stop(): Promise<void>;
  abort(): void;
}

/**
 * Runs `gateway` until a signal stops it, with a reload at each SIGHUP once it has started, and returns the exit code: 0
 * after a drain, 1 if it cannot start, 3 if it cannot go on (behind a drain too). A second signal waits for nothing; then it is 129 (SIGHUP), 130 (SIGINT) or 143
 * (SIGTERM), as if that signal had ended the process.
 */
export async function run(gateway: RunnableGateway, signals: StopSignals, errors: Terminal): Promise<number> {
  const first = signals.next();
  const second = first.then(() => signals.next());
  const cut = second.then((signal) => {
    gateway.abort();
    return SignalExitCode[signal];
  });
  const started = Promise.withResolvers<void>();
  signals.onReload = () => void started.promise.then(() => gateway.reload());
  return await Promise.race([runUntil(first, gateway, errors, started.resolve), cut]);
}

async function runUntil(
  stopSignal: Promise<unknown>,
  gateway: RunnableGateway,
  errors: Terminal,
  onStarted: () => void,
): Promise<number> {
  try {
    await gateway.start();
    onStarted();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    errors.line(`${errors.paint("red", "hawser cannot start:")} ${reason}`);
    return 1;
  }
  const failure = await Promise.race([stopSignal.then(() => undefined), gateway.failed]);
  if (failure !== undefined) errors.line(`${errors.paint("red", "hawser cannot go on:")} ${failure.message}`);
  await gateway.stop();
  return failure === undefined ? 0 : FailedExitCode;
}
