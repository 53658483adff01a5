import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HandshakeGate, type HandshakeTurn } from "../../src/transport/handshake-gate.ts";
import { turns } from "../support/stream-observers.ts";

// Turns of the event loop are real ones.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A gate, whom it let begin, and their turns. */
function gateOf(max: number) {
  const gate = new HandshakeGate(max);
  const begun: string[] = [];
  const places = new Map<string, HandshakeTurn>();
  return {
    gate,
    begun,
    enter: (...names: string[]) => {
      for (const name of names) {
        const begin = () => void begun.push(name);
        places.set(name, gate.enter(begin));
      }
    },
    end: (name: string) => places.get(name)?.end(),
  };
}

/** So many turns of the event loop that all have begun who may. */
const settled = () => turns(100);

describe("turns", () => {
  test("nobody begins before enter returns, then at once where there is room", async () => {
    const { begun, enter } = gateOf(2);
    enter("a");
    expect(begun).toEqual([]);
    await settled();
    expect(begun).toEqual(["a"]);
  });

  test("come in order, as many at work as there may be", async () => {
    const { gate, begun, enter, end } = gateOf(2);
    enter("a", "b", "c", "d");
    await settled();
    expect(begun).toEqual(["a", "b"]);
    expect(gate.waiting).toBe(2);
    end("b");
    await settled();
    expect(begun).toEqual(["a", "b", "c"]);
    end("a");
    end("a");
    await settled();
    expect(begun).toEqual(["a", "b", "c", "d"]);
  });

  test("who leaves while waiting is passed over", async () => {
    const { gate, begun, enter, end } = gateOf(1);
    enter("a", "b", "c");
    await settled();
    end("b");
    expect(gate.waiting).toBe(1);
    end("a");
    await settled();
    expect(begun).toEqual(["a", "c"]);
  });

  test("who leaves before its first turn frees no place twice", async () => {
    const { begun, enter, end } = gateOf(1);
    enter("a");
    end("a");
    end("a");
    enter("b", "c");
    await settled();
    expect(begun).toEqual(["b"]);
  });

  test("a client that does not answer keeps the others waiting for 20 ms, not longer", async () => {
    const { begun, enter, end } = gateOf(1);
    enter("silent", "b");
    await settled();
    vi.advanceTimersByTime(19);
    await settled();
    expect(begun).toEqual(["silent"]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(begun).toEqual(["silent", "b"]);
    // Its place is free already: that it is over now gives nobody another one.
    end("silent");
    enter("c");
    await settled();
    expect(begun).toEqual(["silent", "b"]);
  });
});

describe("rounds", () => {
  test.each([
    { max: 1, each: 1 },
    { max: 16, each: 1 },
    { max: 17, each: 2 },
    { max: 64, each: 4 },
  ])("of $max at work begin $each in one turn of the event loop", async ({ max, each }) => {
    const { begun, enter } = gateOf(max);
    enter(...Array.from({ length: 2 * max }, (_, at) => String(at)));
    await turns(1);
    expect(begun).toHaveLength(each);
    await turns(1);
    expect(begun).toHaveLength(Math.min(max, 2 * each));
    await settled();
    expect(begun).toHaveLength(max);
  });
});

describe("another number", () => {
  test("that is higher lets more begin at once", async () => {
    const { gate, begun, enter } = gateOf(1);
    enter("a", "b", "c");
    await settled();
    gate.update(3);
    await settled();
    expect(begun).toEqual(["a", "b", "c"]);
  });

  test("that is lower waits for those at work", async () => {
    const { gate, begun, enter, end } = gateOf(2);
    enter("a", "b", "c");
    await settled();
    gate.update(1);
    end("a");
    await settled();
    expect(begun).toEqual(["a", "b"]);
    end("b");
    await settled();
    expect(begun).toEqual(["a", "b", "c"]);
  });
});
