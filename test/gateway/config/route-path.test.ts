import { expect, test } from "vitest";
import { comparablePrefix } from "../../../src/gateway/config/route-path.ts";

test.each([
  ["/ws", "/ws"],
  ["/ws/", "/ws"],
  ["/", ""],
  ["//", ""],
  ["/..", undefined],
])("the prefix %s compares as %s", (path, comparable) => {
  expect(comparablePrefix(path)).toBe(comparable);
});
