import { expect, test } from "vitest";
import { Backlog } from "../../src/websocket/backlog.ts";

test("gives each item once, in its order, to those who take in theirs", async () => {
  const backlog = new Backlog<number>(2);
  backlog.add(1);
  backlog.add(2);
  const taken = [backlog.take(), backlog.take(), backlog.take()];
  backlog.add(3);
  expect(await Promise.all(taken)).toEqual([1, 2, 3]);
});

test("is full when as many wait as may, and never while somebody waits for one", async () => {
  const backlog = new Backlog<number>(1);
  expect(backlog.isFull).toBe(false);
  backlog.add(1);
  expect(backlog.isFull).toBe(true);
  await backlog.take();
  const none = new Backlog<number>(0);
  expect(none.isFull).toBe(true);
  const taking = none.take();
  expect(none.isFull).toBe(false);
  none.add(2);
  expect([await taking, none.isFull]).toEqual([2, true]);
});

test("gives nothing any more once it is closed", async () => {
  const backlog = new Backlog<number>(2);
  const taking = backlog.take();
  backlog.close();
  expect([await taking, await backlog.take(), backlog.isFull]).toEqual([undefined, undefined, true]);
  const waiting = new Backlog<number>(2);
  waiting.add(1);
  waiting.close();
  expect(await waiting.take()).toBeUndefined();
});
