import { expect, test } from "vitest";
import { isControl, isOpcode, Opcode } from "../../../src/protocol/frame/opcode.ts";

test("the opcodes are those of RFC 6455 §5.2", () => {
  const all = Array.from({ length: 16 }, (_, opcode) => opcode);
  expect(Opcode).toEqual({ Continuation: 0, Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 });
  expect(all.filter((opcode) => isOpcode(opcode))).toEqual([0, 1, 2, 8, 9, 10]);
  expect(all.filter((opcode) => isControl(opcode))).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
});
