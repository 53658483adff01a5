import { afterEach, beforeEach, describe, vi } from "vitest";
import { describeRelayFailures } from "../../contract/relay-failures.ts";
import { openWireLegs, untilQuiet } from "../../support/wire-legs.ts";

// The deadlines of the relay alone: node's own timers and the network are real.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A TCP reset has no code. */
const onTcp = (line: string): string[] => [line.replace(/^reset .*/, "reset")];

const traits = {
  closeMs: 5_000,
  stallMs: 60_000,
  pipeBytes: 32 * 1_024 * 1_024,
  advance: (ms: number) => vi.advanceTimersByTime(ms),
  settled: untilQuiet,
};

describe.each(["cleartext", "TLS"] as const)("%s", (access) => {
  describeRelayFailures("h1", () => openWireLegs(access, "h1"), {
    ...traits,
    has: [],
    forms: { client: onTcp, upstream: onTcp },
  });

  describeRelayFailures("h2", () => openWireLegs(access, "h2"), {
    ...traits,
    has: ["goaway", "client-loss"],
    forms: { client: (line) => [line], upstream: onTcp },
  });
});

describeRelayFailures("h1, upstream h2", () => openWireLegs("cleartext", "h1", "h2"), {
  ...traits,
  has: [],
  forms: { client: onTcp, upstream: (line) => [line] },
});
