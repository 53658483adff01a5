import { expect, test } from "vitest";
import { keysOf } from "../../src/cli/keyboard.ts";

test.each([
  { input: "q", keys: ["q"] },
  { input: "abc", keys: ["a", "b", "c"] },
  { input: "\u001b[A\u001b[B", keys: ["up", "down"] },
  { input: "\u001bOA\u001bOF", keys: ["up", "end"] },
  { input: "\u001b[5~\u001b[6~\u001b[1~\u001b[4~", keys: ["page-up", "page-down", "home", "end"] },
  { input: "\u001b", keys: ["escape"] },
  { input: "\r\n", keys: ["enter", "enter"] },
  { input: "\u007f\b", keys: ["backspace", "backspace"] },
  { input: "\u0003", keys: ["ctrl-c"] },
  { input: "é🙂", keys: ["é", "🙂"] },
  { input: "\u001b[1;5C", keys: [] },
  { input: "\u001b[200~x\u001b[201~", keys: ["x"] },
  { input: "\u0001\u0000", keys: [] },
])("$input", ({ input, keys }) => {
  expect(keysOf(input)).toEqual(keys);
});
