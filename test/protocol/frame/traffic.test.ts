import { expect, test } from "vitest";
import { countFrame, Traffic } from "../../../src/protocol/frame/traffic.ts";

test("traffic counts each frame under its opcode, and reserved ones nowhere", () => {
  const traffic = new Traffic();
  for (const opcode of [0, 1, 1, 2, 2, 2, 3, 8, 9, 10, 15]) countFrame(traffic, opcode);
  expect(traffic).toEqual({ bytes: 0, continuation: 1, text: 2, binary: 3, close: 1, ping: 1, pong: 1 });
});
