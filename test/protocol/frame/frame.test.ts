import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  binaryFrame,
  closeFrame,
  parseClosePayload,
  pingFrame,
  pongFrame,
  textFrame,
} from "../../../src/protocol/frame/frame.ts";
import { hex } from "../../support/bits.ts";

const payload = hex("01 02 03");

test.each([
  { name: "text", frame: textFrame("é"), opcode: 0x1, bytes: hex("c3 a9") },
  { name: "text with a lone surrogate", frame: textFrame("\ud800"), opcode: 0x1, bytes: hex("ef bf bd") },
  { name: "binary", frame: binaryFrame(payload), opcode: 0x2, bytes: payload },
  { name: "Close without a code", frame: closeFrame(), opcode: 0x8, bytes: hex("") },
  { name: "Close that says nothing but its code", frame: closeFrame(1000), opcode: 0x8, bytes: hex("03 e8") },
  { name: "Close with a reason", frame: closeFrame(4999, "bye"), opcode: 0x8, bytes: hex("13 87 62 79 65") },
  { name: "Ping", frame: pingFrame(payload), opcode: 0x9, bytes: payload },
  { name: "Pong", frame: pongFrame(payload), opcode: 0xa, bytes: payload },
])("$name is one whole frame", ({ frame, opcode, bytes }) => {
  expect(frame).toEqual({ fin: true, rsv: 0, opcode, payload: bytes });
});

describe("closeFrame", () => {
  test.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_536, 1000.5])("refuses the code %d", (code) => {
    expect(() => closeFrame(code)).toThrow(
      expect.objectContaining({ code: "WS_CLOSE_CODE_INVALID", origin: "caller" }),
    );
  });

  test.each([
    { name: "as long as it may be", reason: "x".repeat(123), kept: "x".repeat(123) },
    { name: "a byte too long", reason: "x".repeat(124), kept: "x".repeat(123) },
    { name: "whose last character has no room", reason: `${"x".repeat(121)}€`, kept: "x".repeat(121) },
    { name: "whose last character just fits", reason: `${"x".repeat(120)}€y`, kept: `${"x".repeat(120)}€` },
    { name: "of surrogate pairs", reason: "😀".repeat(100), kept: "😀".repeat(30) },
  ])("cuts a reason $name at a character", ({ reason, kept }) => {
    const frame = closeFrame(1000, reason);
    expect(frame.payload.length).toBeLessThanOrEqual(125);
    expect(parseClosePayload(frame.payload)).toEqual({ code: 1000, reason: kept });
  });

  test("any reason gives a Close that can be read, and is a beginning of that reason", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (reason) => {
        const read = parseClosePayload(closeFrame(1001, reason).payload);
        expect(reason.toWellFormed().startsWith(read.reason)).toBe(true);
      }),
    );
  });
});

describe("parseClosePayload", () => {
  test.each([
    { name: "nothing", bytes: hex(""), code: 1005, reason: "" },
    { name: "a code", bytes: hex("03 f6"), code: 1014, reason: "" },
    { name: "a code and a reason", bytes: hex("0b b8 e2 82 ac"), code: 3000, reason: "€" },
    { name: "a reason with a byte order mark", bytes: hex("03 e8 ef bb bf"), code: 1000, reason: "\ufeff" },
  ])("reads $name", ({ bytes, code, reason }) => {
    expect(parseClosePayload(bytes)).toEqual({ code, reason });
  });

  test.each([
    { name: "half a code", bytes: hex("03"), code: "WS_CLOSE_PAYLOAD_INVALID", closeCode: 1002 },
    { name: "code 0", bytes: hex("00 00"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 999", bytes: hex("03 e7"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 1005", bytes: hex("03 ed"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 1006", bytes: hex("03 ee"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 1016", bytes: hex("03 f8"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 5000", bytes: hex("13 88"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "code 65535", bytes: hex("ff ff"), code: "WS_CLOSE_CODE_INVALID", closeCode: 1002 },
    { name: "a broken reason", bytes: hex("03 e8 c3 28"), code: "WS_CLOSE_REASON_NOT_UTF8", closeCode: 1007 },
    { name: "a cut reason", bytes: hex("03 e8 e2 82"), code: "WS_CLOSE_REASON_NOT_UTF8", closeCode: 1007 },
    {
      name: "a surrogate in the reason",
      bytes: hex("03 e8 ed a0 80"),
      code: "WS_CLOSE_REASON_NOT_UTF8",
      closeCode: 1007,
    },
  ])("refuses $name", ({ bytes, code, closeCode }) => {
    expect(() => parseClosePayload(bytes)).toThrow(expect.objectContaining({ code, closeCode, origin: "peer" }));
  });
});
