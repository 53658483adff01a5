import { describe, expect, test } from "vitest";
import {
  ConnectionGate,
  ReservedDescriptors,
  type ConnectionLimits,
  type ConnectionPass,
} from "../../src/transport/connection-gate.ts";

const Limits: ConnectionLimits = { maxConnections: 3, maxConnectionsPerAddress: 2, maxHandshakes: 1 };

function enter(gate: ConnectionGate, address?: string): ConnectionPass {
  const pass = gate.enter(undefined);
  if (typeof pass === "string") throw new Error(pass);
  if (address !== undefined && !pass.claim(address)) throw new Error("address-limit");
  return pass;
}

describe("connections in all", () => {
  test("as many as there may be, and another one when one has left", () => {
    const gate = new ConnectionGate(Limits);
    const [first] = [enter(gate), enter(gate), enter(gate)];
    expect(gate.enter(undefined)).toBe("limit");
    first.leave();
    first.leave();
    enter(gate);
    expect(gate.enter(undefined)).toBe("limit");
    expect(gate.connections).toBe(3);
  });

  test("a lower limit throws nobody out", () => {
    const gate = new ConnectionGate(Limits);
    const passes = [enter(gate), enter(gate)];
    gate.update({ ...Limits, maxConnections: 1 });
    expect(gate.connections).toBe(2);
    passes[0]?.leave();
    expect(gate.enter(undefined)).toBe("limit");
    passes[1]?.leave();
    enter(gate);
  });
});

describe("connections of one address", () => {
  test("as many as it may have; its neighbour does not feel it", () => {
    const gate = new ConnectionGate({ ...Limits, maxConnections: 100 });
    const passes = [enter(gate, "192.0.2.1"), enter(gate, "192.0.2.1")];
    const third = enter(gate);
    expect(third.claim("192.0.2.1")).toBe(false);
    enter(gate, "192.0.2.2");
    // It was not counted for that address, so its leaving frees nothing there.
    third.leave();
    expect(enter(gate).claim("192.0.2.1")).toBe(false);
    passes[0]?.leave();
    expect(enter(gate).claim("192.0.2.1")).toBe(true);
  });

  test("is counted once, however often it is claimed", () => {
    const gate = new ConnectionGate(Limits);
    const pass = enter(gate, "192.0.2.1");
    expect(pass.claim("192.0.2.1")).toBe(true);
    enter(gate, "192.0.2.1");
  });

  test("an IPv4 address is the same on a listener of either family", () => {
    const gate = new ConnectionGate(Limits);
    enter(gate, "192.0.2.1");
    enter(gate, "::ffff:192.0.2.1");
    expect(enter(gate).claim("192.0.2.1")).toBe(false);
  });

  test.each([undefined, 1_000])("with a limit of %s one may have them all", (maxConnectionsPerAddress) => {
    const gate = new ConnectionGate({ ...Limits, maxConnectionsPerAddress });
    for (let at = 0; at < 3; at++) enter(gate, "192.0.2.1");
  });
});

describe("file descriptors", () => {
  const OpenFiles = 100;

  test.each([
    { descriptor: OpenFiles - ReservedDescriptors - 1, isIn: true },
    { descriptor: OpenFiles - ReservedDescriptors, isIn: false },
    { descriptor: OpenFiles - 1, isIn: false },
    { descriptor: undefined, isIn: true },
  ])("descriptor $descriptor of $OpenFiles is let in: $isIn", ({ descriptor, isIn }) => {
    const gate = new ConnectionGate(Limits, OpenFiles);
    expect(gate.enter(descriptor) !== "accept").toBe(isIn);
    expect(gate.connections).toBe(isIn ? 1 : 0);
  });

  test("any is let in where the limit is not known", () => {
    expect(typeof new ConnectionGate(Limits).enter(1_000_000)).toBe("object");
  });
});
