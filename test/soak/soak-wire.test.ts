import { expect, test } from "vitest";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import { soak } from "./soak.ts";

test.each(H2EngineNames)("a short soak of the engine %s fails at nothing", { timeout: 60_000 }, async (engine) => {
  const result = await soak({ engine, streams: 200, seconds: 0, warmUpStreams: 200 }, () => () => undefined);
  const [start, , end] = result.marks;
  expect(result.failures).toEqual(new Map());
  expect(result.pages).toBe(2);
  expect(end.streams).toBe(200);
  expect(end.warnings).toEqual([]);
  expect(end.descriptors).toBe(start.descriptors);
  expect(end.resources).toEqual(start.resources);
});
