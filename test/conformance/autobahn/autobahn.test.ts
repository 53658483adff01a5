import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConformanceCases } from "./cases.ts";
import { Combinations } from "./combinations.ts";
import type { EndpointUnderTest } from "./endpoint.ts";
import { runCase } from "./run-case.ts";
import { isInTests, TestRunOptions } from "./share.ts";

describe.each(Combinations)("as $name", ({ name, start }) => {
  let endpoint: EndpointUnderTest;
  beforeAll(async () => {
    endpoint = await start();
  });
  afterAll(() => endpoint.close());

  const cases = ConformanceCases.filter((testCase) => isInTests(testCase, name));
  test.each(cases)("$number: $title", async (testCase) => {
    const { fault } = await runCase(testCase, endpoint, TestRunOptions);
    expect(fault).toBeUndefined();
  });
});
