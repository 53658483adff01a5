import { describe, expect, test } from "vitest";
import { findPeers } from "./gateways.ts";
import { parseScenarios, Scenarios } from "./scenarios.ts";

describe("a list of scenarios", () => {
  test.each([
    { list: "S1", names: ["S1"] },
    { list: "IDLE,S1r", names: ["IDLE", "S1r"] },
    { list: "WAN", names: ["WAN-up", "WAN-down"] },
    { list: "WAN-down", names: ["WAN-down"] },
  ])("$list is of $names", ({ list, names }) => {
    expect(parseScenarios(list).map(({ name }) => name)).toEqual(names);
  });

  test("that names another is refused, with the names there are", () => {
    expect(() => parseScenarios("S1,S9")).toThrow(/no scenario S9: S1,S1r,/);
  });
});

test("no connection has more streams than a gateway allows by default", () => {
  const streams = Scenarios.map(({ load }) => ("streamsPerConnection" in load ? load.streamsPerConnection : 0));
  expect(Math.max(...streams)).toBeLessThanOrEqual(100);
});

test("a peer that is none is refused, and one that is not wanted is not looked for", () => {
  expect(() => findPeers("haproxy,apache")).toThrow(/no peer apache: haproxy,/);
  expect(findPeers("")).toEqual([]);
});
