import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { StopSignals } from "../../src/cli/stop-signals.ts";

test("signals come in their order, to whoever asks before or after them", async () => {
  const source = new EventEmitter();
  const signals = new StopSignals(source);
  const first = signals.next();
  source.emit("SIGINT", "SIGINT");
  source.emit("SIGTERM", "SIGTERM");
  source.emit("SIGINT", "SIGINT");
  expect([await first, await signals.next(), await signals.next()]).toEqual(["SIGINT", "SIGTERM", "SIGINT"]);
});
