import { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HandOut, type Taker } from "../../../src/gateway/lifecycle/hand-out.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Worker implements Taker {
  connections: number;
  room: number;
  readonly ports: number[] = [];

  constructor(connections: number, room = Infinity) {
    this.connections = connections;
    this.room = room;
  }

  get hasRoom(): boolean {
    return this.room > 0;
  }

  hand(port: number): void {
    this.ports.push(port);
    this.connections += 1;
    this.room -= 1;
  }
}

function handing(...workers: Worker[]) {
  const lost = vi.fn<() => void>();
  const handOut = new HandOut(() => workers, lost);
  const sockets: Socket[] = [];
  const take = (count: number, port = 1) => {
    for (let i = 0; i < count; i += 1) {
      const socket = new Socket().on("error", () => undefined);
      sockets.push(socket);
      handOut.take(port, socket);
    }
  };
  return { handOut, lost, take, gone: () => sockets.filter(({ destroyed }) => destroyed).length };
}

test.each([
  { name: "in turns where all have as many", before: [0, 0, 0], taken: 6, after: [2, 2, 2] },
  { name: "to the one with the fewest first", before: [5, 0, 4], taken: 4, after: [5, 4, 4] },
  { name: "and evenly from there", before: [2, 0, 1], taken: 6, after: [3, 3, 3] },
])("connections go $name", ({ before, taken, after }) => {
  const workers = before.map((connections) => new Worker(connections));
  const { take } = handing(...workers);
  take(taken);
  expect(workers.map(({ connections }) => connections)).toEqual(after);
});

test("one connection after the other, each gone before the next, goes to each in turn", () => {
  const workers = [new Worker(0), new Worker(0)];
  const { take } = handing(...workers);
  for (let i = 0; i < 6; i += 1) {
    take(1);
    for (const worker of workers) worker.connections = 0;
  }
  expect(workers.map(({ ports }) => ports.length)).toEqual([3, 3]);
});

test("who has no room is passed by; where nobody has, connections wait in their order", () => {
  const [full, small] = [new Worker(0, 0), new Worker(9, 1)];
  const { handOut, take, lost } = handing(full, small);
  for (const port of [1, 2, 3]) take(1, port);
  expect([full.ports, small.ports]).toEqual([[], [1]]);
  full.room = 1;
  handOut.next();
  small.room = 5;
  handOut.next();
  expect([full.ports, small.ports]).toEqual([[2], [1, 3]]);
  vi.runAllTimers();
  expect(lost).not.toHaveBeenCalled();
});

test("what waits longer than 10 s is reset, and so is the 4097th that waits", () => {
  const { take, lost, gone } = handing();
  take(4_096);
  expect(gone()).toBe(0);
  take(1);
  expect([gone(), lost.mock.calls.length]).toEqual([1, 1]);
  vi.advanceTimersByTime(9_999);
  expect(gone()).toBe(1);
  vi.advanceTimersByTime(1);
  expect([gone(), lost.mock.calls.length]).toEqual([4_097, 4_097]);
});

test("closed, it resets who waits and who comes", () => {
  const worker = new Worker(0, 0);
  const { handOut, take, gone, lost } = handing(worker);
  take(2);
  handOut.close();
  worker.room = 9;
  take(1);
  handOut.next();
  expect([gone(), worker.ports, lost.mock.calls.length, vi.getTimerCount()]).toEqual([3, [], 0, 0]);
});
