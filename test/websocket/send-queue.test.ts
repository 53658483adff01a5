import { expect, test } from "vitest";
import { SendQueue, type SendTurn } from "../../src/websocket/send-queue.ts";

/** A turn that writes down what happens to it. */
function turn(name: string, said: string[], onStart: (self: SendTurn) => void = () => {}): SendTurn {
  const self: SendTurn = {
    bytes: name.length,
    start() {
      said.push(`start ${name}`);
      onStart(self);
    },
    fail: (error) => void said.push(`fail ${name} ${String(error)}`),
  };
  return self;
}

test("each starts when all before it have left", () => {
  const said: string[] = [];
  const queue = new SendQueue();
  const first = turn("first", said);
  const second = turn("second", said);
  queue.join(first);
  queue.join(second);
  queue.join(turn("third", said));
  expect(said).toEqual(["start first"]);
  expect([queue.length, queue.bytes]).toEqual([3, 11]);
  queue.leave(second);
  queue.leave(first);
  queue.leave(first);
  expect(said).toEqual(["start first", "start third"]);
  expect([queue.length, queue.bytes, queue.isEmpty]).toEqual([1, 0, false]);
});

test("those that leave as they start take no stack, however many there are", () => {
  const said: string[] = [];
  const queue = new SendQueue();
  const first = turn("first", said);
  queue.join(first);
  for (let index = 0; index < 100_000; index++) queue.join(turn("x", said, (self) => queue.leave(self)));
  queue.leave(first);
  expect(said).toHaveLength(100_001);
  expect([queue.isEmpty, queue.bytes]).toEqual([true, 0]);
});

test("at the end all fail, and none starts", () => {
  const said: string[] = [];
  const queue = new SendQueue();
  queue.join(turn("first", said));
  queue.join(turn("second", said));
  queue.end("over");
  expect(said).toEqual(["start first", "fail first over", "fail second over"]);
  expect([queue.isEmpty, queue.bytes]).toEqual([true, 0]);
});
