import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { StopSignals } from "../../src/cli/stop-signals.ts";

test("signals come in their order, to whoever asks before or after them", async () => {
  const source = new EventEmitter();
  const signals = new StopSignals(source, () => false);
  const first = signals.next();
  source.emit("SIGINT", "SIGINT");
  source.emit("SIGTERM", "SIGTERM");
  source.emit("SIGINT", "SIGINT");
  expect([await first, await signals.next(), await signals.next()]).toEqual(["SIGINT", "SIGTERM", "SIGINT"]);
});

test("SIGHUP asks for a reload, and to stop where the terminal is gone", async () => {
  const source = new EventEmitter();
  let isGone = false;
  const signals = new StopSignals(source, () => isGone);
  let reloads = 0;
  signals.onReload = () => (reloads += 1);
  source.emit("SIGHUP", "SIGHUP");
  source.emit("SIGHUP", "SIGHUP");
  expect(reloads).toBe(2);
  isGone = true;
  source.emit("SIGHUP", "SIGHUP");
  expect(reloads).toBe(2);
  expect(await signals.next()).toBe("SIGHUP");
});
