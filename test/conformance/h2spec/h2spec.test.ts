import { describe, expect, test } from "vitest";
import { H2EngineNames } from "../../../src/transport/h2-acceptor.ts";
import { exceptionsOf } from "./exceptions.ts";
import { runH2spec, type H2specTarget } from "./h2spec-run.ts";

/** All that this version of h2spec has: a run that breaks off is none. */
const CaseCount = 146;

const Targets: readonly H2specTarget[] = H2EngineNames.flatMap((engine) => [
  { engine, access: "TLS" as const },
  { engine, access: "cleartext" as const },
]);
// Here already, since each case is a test; side by side, since a run mostly waits.
const Runs = await Promise.all(Targets.map(async (target) => ({ ...target, cases: await runH2spec(target) })));

describe.each(Runs)("h2spec against the engine $engine over $access", ({ engine, access, cases }) => {
  const exceptions = exceptionsOf({ engine, access });
  const names = exceptions.map(({ name }) => name);

  test("has run whole", () => {
    expect(cases).toHaveLength(CaseCount);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(CaseCount);
  });

  test.each(cases.filter(({ name }) => !names.includes(name)))("passes $name", ({ fault }) => {
    expect(fault).toBeUndefined();
  });

  test.each(exceptions)("is right to fail $name: $reason", ({ name }) => {
    expect(cases.find((one) => one.name === name)?.fault).toEqual(expect.any(String));
  });
});
