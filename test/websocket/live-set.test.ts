import { expect, test } from "vitest";
import { LiveSet } from "../../src/websocket/live-set.ts";

const never = new AbortController().signal;

test("tells those who wait when the last one has gone", async () => {
  const live = new LiveSet<string>();
  live.add("a");
  live.add("b");
  let isEmpty = false;
  const waiting = live.empty(never).then(() => (isEmpty = true));
  live.delete("a");
  await Promise.resolve();
  expect([isEmpty, live.items.size]).toEqual([false, 1]);
  live.delete("b");
  await waiting;
  expect(live.items.size).toBe(0);
});

test("lets nobody wait where none lives, or behind the signal", async () => {
  const live = new LiveSet<string>();
  await live.empty(never);
  live.add("a");
  await live.empty(AbortSignal.abort());
  const giveUp = new AbortController();
  const waiting = live.empty(giveUp.signal);
  giveUp.abort();
  await waiting;
  expect(live.items.size).toBe(1);
});
