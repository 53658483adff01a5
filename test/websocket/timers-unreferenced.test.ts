import { expect, test } from "vitest";
import { connectionPair } from "../support/connection-pair.ts";
import { settled } from "../support/websocket-peer.ts";

/** Timers that keep the event loop alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("no timer of a WebSocket keeps a process alive: its socket does that", async () => {
  const before = timers();
  const { server, client } = connectionPair({
    pair: { highWaterBytes: 100 },
    server: { pingIntervalMs: 60_000, idleMs: 60_000, lingerMs: 60_000 },
  });
  void server.send("x".repeat(1_000));
  expect(timers()).toBe(before);
  void server.close();
  expect(timers()).toBe(before);
  await client.closed;
  expect(timers()).toBe(before);
  client.abort();
  await settled();
});
