import { expect, test } from "vitest";
import { chooseSubprotocol } from "../../../src/protocol/handshake/negotiation.ts";

test.each([
  { spoken: [], offered: ["a"], chosen: undefined },
  { spoken: ["b", "a"], offered: [], chosen: undefined },
  { spoken: ["b", "a"], offered: ["a", "b"], chosen: "b" },
  { spoken: ["b", "a"], offered: ["A", "a"], chosen: "a" },
])("of $spoken and $offered the subprotocol is $chosen", ({ spoken, offered, chosen }) => {
  expect(chooseSubprotocol(spoken, offered)).toBe(chosen);
});
