import { describe, expect, test } from "vitest";
import { parseFrameHeader } from "../../../src/protocol/frame/frame-header.ts";
import { brokenRule, type FrameRules } from "../../../src/protocol/frame/frame-rules.ts";
import { bits } from "../../support/bits.ts";

const fromServer: FrameRules = { sender: "server", allowedRsv: 0, insideMessage: false };
const fromClient: FrameRules = { ...fromServer, sender: "client" };
const inMessage: FrameRules = { ...fromServer, insideMessage: true };
const deflated: FrameRules = { ...fromServer, allowedRsv: 0b100 };
const Key = "00000001 00000010 00000011 00000100";

function ruleBrokenBy(picture: string, rules: FrameRules) {
  const header = parseFrameHeader(bits(picture));
  if (!header) throw new Error(`not a whole header: ${picture}`);
  return brokenRule(header, rules);
}

describe("a frame may come", () => {
  test.each([
    //                                F RSV  op   M length
    { name: "text", picture: "1 000 0001  0 0000101", rules: fromServer },
    { name: "binary", picture: "1 000 0010  0 0000000", rules: fromServer },
    { name: "first fragment", picture: "0 000 0001  0 0000101", rules: fromServer },
    { name: "middle fragment", picture: "0 000 0000  0 0000000", rules: inMessage },
    { name: "last fragment", picture: "1 000 0000  0 0000000", rules: inMessage },
    { name: "Ping between fragments", picture: "1 000 1001  0 1111101", rules: inMessage },
    { name: "Pong", picture: "1 000 1010  0 0000000", rules: fromServer },
    { name: "Close", picture: "1 000 1000  0 0000010", rules: fromServer },
    { name: "masked text of a client", picture: `1 000 0001  1 0000001 ${Key}`, rules: fromClient },
    { name: "RSV1 where negotiated", picture: "1 100 0001  0 0000101", rules: deflated },
    { name: "RSV1 on a first fragment", picture: "0 100 0010  0 0000101", rules: deflated },
    { name: "no RSV1 though negotiated", picture: "1 000 0010  0 0000101", rules: deflated },
  ])("$name", ({ picture, rules }) => {
    expect(ruleBrokenBy(picture, rules)).toBeUndefined();
  });
});

describe("a frame breaks", () => {
  test.each([
    //                                      F RSV  op   M length
    { rule: "WS_OPCODE_RESERVED", picture: "1 000 0011  0 0000000", rules: fromServer },
    { rule: "WS_OPCODE_RESERVED", picture: "1 000 0111  0 0000000", rules: inMessage },
    { rule: "WS_OPCODE_RESERVED", picture: "1 000 1011  0 0000000", rules: fromServer },
    { rule: "WS_OPCODE_RESERVED", picture: "1 000 1111  0 0000000", rules: fromServer },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 100 0001  0 0000000", rules: fromServer },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 010 0001  0 0000000", rules: deflated },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 001 0010  0 0000000", rules: deflated },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 110 0010  0 0000000", rules: deflated },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 100 0000  0 0000000", rules: { ...deflated, insideMessage: true } },
    { rule: "WS_RSV_UNEXPECTED", picture: "1 100 1001  0 0000000", rules: deflated },
    { rule: "WS_MASK_MISSING", picture: "1 000 0001  0 0000101", rules: fromClient },
    { rule: "WS_MASK_MISSING", picture: "1 000 1000  0 0000000", rules: fromClient },
    { rule: "WS_MASK_UNEXPECTED", picture: `1 000 0001  1 0000101 ${Key}`, rules: fromServer },
    { rule: "WS_MASK_UNEXPECTED", picture: `1 000 1010  1 0000000 ${Key}`, rules: fromServer },
    { rule: "WS_CONTROL_FRAGMENTED", picture: "0 000 1000  0 0000000", rules: fromServer },
    { rule: "WS_CONTROL_FRAGMENTED", picture: "0 000 1001  0 0000000", rules: inMessage },
    { rule: "WS_CONTROL_TOO_LONG", picture: "1 000 1010  0 1111110 00000000 01111110", rules: fromServer },
    { rule: "WS_CONTROL_TOO_LONG", picture: "1 000 1000  0 1111110 00000000 01111110", rules: fromServer },
    { rule: "WS_CONTINUATION_MISSING", picture: "1 000 0001  0 0000101", rules: inMessage },
    { rule: "WS_CONTINUATION_MISSING", picture: "0 000 0010  0 0000101", rules: inMessage },
    { rule: "WS_CONTINUATION_UNEXPECTED", picture: "1 000 0000  0 0000101", rules: fromServer },
    { rule: "WS_CONTINUATION_UNEXPECTED", picture: "0 000 0000  0 0000000", rules: fromServer },
  ])("$rule: $picture", ({ rule, picture, rules }) => {
    expect(ruleBrokenBy(picture, rules)).toBe(rule);
  });
});
