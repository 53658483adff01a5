import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { run, type RunnableGateway } from "../../src/cli/run.ts";
import { StopSignals } from "../../src/cli/stop-signals.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { RecordingOutput } from "../support/recording-output.ts";

/** A gateway whose start and stop take as long as the test wants, and that tells what was asked of it. */
class SlowGateway implements RunnableGateway {
  readonly failure = Promise.withResolvers<Error>();
  readonly failed = this.failure.promise;
  readonly started = Promise.withResolvers<void>();
  readonly stopped = Promise.withResolvers<void>();
  readonly stopCalled = Promise.withResolvers<void>();
  readonly calls: string[] = [];

  start(): Promise<void> {
    this.calls.push("start");
    return this.started.promise;
  }

  stop(): Promise<void> {
    this.calls.push("stop");
    this.stopCalled.resolve();
    return this.stopped.promise;
  }

  reload(): Promise<void> {
    this.calls.push("reload");
    return Promise.resolve();
  }

  abort(): void {
    this.calls.push("abort");
  }
}

function running() {
  const gateway = new SlowGateway();
  const source = new EventEmitter();
  const errors = new RecordingOutput();
  const exitCode = run(gateway, new StopSignals(source, () => false), new Terminal(errors, {}));
  return { gateway, errors, exitCode, signal: (name: "SIGINT" | "SIGTERM" | "SIGHUP") => source.emit(name, name) };
}

test.each(["SIGTERM", "SIGINT"] as const)("%s drains, and the exit code is 0", async (name) => {
  const { gateway, exitCode, signal } = running();
  gateway.started.resolve();
  signal(name);
  await gateway.stopCalled.promise;
  gateway.stopped.resolve();
  expect(await exitCode).toBe(0);
  expect(gateway.calls).toEqual(["start", "stop"]);
});

test.each([
  { name: "SIGTERM", code: 143 },
  { name: "SIGINT", code: 130 },
] as const)("a second signal, $name, does not wait for the drain: $code", async ({ name, code }) => {
  const { gateway, exitCode, signal } = running();
  gateway.started.resolve();
  signal("SIGTERM");
  await gateway.stopCalled.promise;
  signal(name);
  expect(await exitCode).toBe(code);
  expect(gateway.calls).toEqual(["start", "stop", "abort"]);
});

test("SIGHUP reloads, as often as it comes", async () => {
  const { gateway, exitCode, signal } = running();
  gateway.started.resolve();
  await gateway.started.promise;
  signal("SIGHUP");
  signal("SIGHUP");
  signal("SIGTERM");
  gateway.stopped.resolve();
  expect(await exitCode).toBe(0);
  expect(gateway.calls).toEqual(["start", "reload", "reload", "stop"]);
});

describe("while it starts", () => {
  test("a reload waits until it has started", async () => {
    const { gateway, exitCode, signal } = running();
    signal("SIGHUP");
    await Promise.resolve();
    expect(gateway.calls).toEqual(["start"]);
    gateway.started.resolve();
    signal("SIGTERM");
    gateway.stopped.resolve();
    expect(await exitCode).toBe(0);
    expect(gateway.calls).toEqual(["start", "reload", "stop"]);
  });

  test("a signal is remembered", async () => {
    const { gateway, exitCode, signal } = running();
    signal("SIGTERM");
    gateway.started.resolve();
    gateway.stopped.resolve();
    expect(await exitCode).toBe(0);
    expect(gateway.calls).toEqual(["start", "stop"]);
  });

  test("two end it", async () => {
    const { gateway, exitCode, signal } = running();
    signal("SIGINT");
    signal("SIGINT");
    expect(await exitCode).toBe(130);
    expect(gateway.calls).toEqual(["start", "abort"]);
  });

  test("what goes wrong is told, and the exit code is 1", async () => {
    const { gateway, errors, exitCode } = running();
    gateway.started.reject(new Error("listener main cannot listen on 127.0.0.1 port 443: EACCES"));
    expect(await exitCode).toBe(1);
    expect(errors.text).toBe("hawser cannot start: listener main cannot listen on 127.0.0.1 port 443: EACCES\n");
  });
});

test("a gateway that cannot go on is drained, and the exit code is 3", async () => {
  const { gateway, exitCode, errors } = running();
  gateway.started.resolve();
  gateway.failure.resolve(new Error("workers keep ending"));
  await gateway.stopCalled.promise;
  gateway.stopped.resolve();
  expect(await exitCode).toBe(3);
  expect(errors.text).toContain("hawser cannot go on: workers keep ending");
});
