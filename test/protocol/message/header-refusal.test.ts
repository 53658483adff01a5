import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../../src/protocol/errors.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { ConnectionMachine, type ConnectionMachineOptions } from "../../../src/protocol/message/connection-machine.ts";
import { PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import { bits, joined } from "../../support/bits.ts";

const direction = { windowBits: 15, contextTakeover: true };
const Deflate = new PermessageDeflate({ outgoing: direction, incoming: direction });

function machineOf(options: Partial<ConnectionMachineOptions>): ConnectionMachine {
  const limits = { maxMessageBytes: 1_000, maxFrameBytes: 800, maxFragments: 3 };
  return new ConnectionMachine({
    role: "server",
    ...limits,
    incoming: new Traffic(),
    outgoing: new Traffic(),
    ...options,
  });
}

const zeroKey = "| 00000000 00000000 00000000 00000000";
const started = bits(`0 000 0010  1 0000000 ${zeroKey}`);
const started700 = joined([bits(`0 000 0010  1 1111110 00000010 10111100 ${zeroKey}`), new Uint8Array(700)]);

interface Refusal {
  readonly rule: string;
  readonly header: string;
  readonly code: ErrorCode;
  readonly before?: Uint8Array;
  readonly options?: Partial<ConnectionMachineOptions>;
}

/** Each rule that a header can break, and bytes that end with that header: no byte of its payload is there. */
const Refusals: readonly Refusal[] = [
  //                                              F RSV  op   M length   extended
  { rule: "a client masks", header: "             1 000 0010  0 0000101", code: "WS_MASK_MISSING" },
  {
    rule: "a server does not",
    header: `          1 000 0010  1 0000101 ${zeroKey}`,
    code: "WS_MASK_UNEXPECTED",
    options: { role: "client" },
  },
  { rule: "RSV1 is of an extension", header: `    1 100 0010  1 0000101 ${zeroKey}`, code: "WS_RSV_UNEXPECTED" },
  { rule: "RSV2 is of an extension", header: `    1 010 0001  1 0000101 ${zeroKey}`, code: "WS_RSV_UNEXPECTED" },
  { rule: "RSV3 is of an extension", header: `    1 001 0001  1 0000101 ${zeroKey}`, code: "WS_RSV_UNEXPECTED" },
  {
    rule: "RSV1 is not of a Ping",
    header: `      1 100 1001  1 0000101 ${zeroKey}`,
    code: "WS_RSV_UNEXPECTED",
    options: { extensions: [Deflate] },
  },
  {
    rule: "RSV1 is of a first frame",
    header: `   1 100 0000  1 0000101 ${zeroKey}`,
    code: "WS_RSV_UNEXPECTED",
    options: { extensions: [Deflate] },
    before: started,
  },
  { rule: "3–7 are no data frames", header: `     1 000 0111  1 0000101 ${zeroKey}`, code: "WS_OPCODE_RESERVED" },
  { rule: "11–15 are no control frames", header: `1 000 1011  1 0000101 ${zeroKey}`, code: "WS_OPCODE_RESERVED" },
  { rule: "a control frame is whole", header: `   0 000 1001  1 0000101 ${zeroKey}`, code: "WS_CONTROL_FRAGMENTED" },
  {
    rule: "and of 125 bytes at most",
    header: `   1 000 1000  1 1111110 00000000 01111110 ${zeroKey}`,
    code: "WS_CONTROL_TOO_LONG",
  },
  {
    rule: "a message begins",
    header: `           0 000 0000  1 0000101 ${zeroKey}`,
    code: "WS_CONTINUATION_UNEXPECTED",
  },
  {
    rule: "and ends before the next",
    header: `   1 000 0010  1 0000101 ${zeroKey}`,
    code: "WS_CONTINUATION_MISSING",
    before: started,
  },
  {
    rule: "a length is in its shortest form",
    header: `1 000 0010  1 1111110 00000000 01111101 ${zeroKey}`,
    code: "WS_LENGTH_NOT_MINIMAL",
  },
  {
    rule: "of both long ones",
    header: `          1 000 0010  1 1111111 ${"00000000".repeat(6)} 11111111 11111111 ${zeroKey}`,
    code: "WS_LENGTH_NOT_MINIMAL",
  },
  {
    rule: "and has no first bit",
    header: `       1 000 0010  1 1111111 10000000 ${"00000000".repeat(7)} ${zeroKey}`,
    code: "WS_LENGTH_INVALID",
  },
  {
    rule: "and is exact",
    header: `               1 000 0010  1 1111111 00000000 00100000 ${"00000000".repeat(6)} ${zeroKey}`,
    code: "WS_MESSAGE_TOO_BIG",
  },
  {
    rule: "a message has its size",
    header: `     1 000 0010  1 1111110 00000011 11101001 ${zeroKey}`,
    code: "WS_MESSAGE_TOO_BIG",
    options: { maxFrameBytes: undefined },
  },
  {
    rule: "of which a part is used up",
    header: ` 1 000 0000  1 1111110 00000001 00101101 ${zeroKey}`,
    code: "WS_MESSAGE_TOO_BIG",
    before: started700,
  },
  {
    rule: "a frame has its size",
    header: `       1 000 0010  1 1111110 00000011 00100001 ${zeroKey}`,
    code: "WS_FRAME_TOO_BIG",
  },
  {
    rule: "a message has so many frames",
    header: `1 000 0000  1 0000101 ${zeroKey}`,
    code: "WS_TOO_MANY_FRAGMENTS",
    before: joined([started, bits(`0 000 0000  1 0000000 ${zeroKey}`), bits(`0 000 0000  1 0000000 ${zeroKey}`)]),
  },
];

describe("a frame is refused by its header, before a byte of its payload", () => {
  test.each(Refusals)("$rule: $code", ({ header, code, before = new Uint8Array(0), options = {} }) => {
    const wire = joined([before, bits(header)]);
    const machine = machineOf(options);
    for (let offset = 0; offset < wire.length;) {
      expect(machine.takeEvent(), `before byte ${offset} of ${wire.length}`).toBeUndefined();
      offset = machine.read(wire, offset, Math.max(offset + 1, before.length));
    }
    expect(machine.takeEvent()).toMatchObject({ type: "closed", closing: { error: { code, origin: "peer" } } });
    expect(machine.heldBytes).toBeLessThanOrEqual(before.length);
  });

  test("and is not where it just keeps the rules", () => {
    for (const { before, header } of [
      { before: started700, header: `1 000 0000  1 1111110 00000001 00101100 ${zeroKey}` },
      { before: started, header: `1 000 0000  1 1111110 00000011 00100000 ${zeroKey}` },
      { before: new Uint8Array(0), header: `1 000 1010  1 1111101 ${zeroKey}` },
    ]) {
      const wire = joined([before, bits(header)]);
      const machine = machineOf({});
      for (let offset = 0; offset < wire.length;) offset = machine.read(wire, offset, wire.length);
      expect([machine.state, machine.takeEvent()]).toEqual(["open", undefined]);
    }
  });
});

test("a length of 2^53 − 1 bytes is read exactly, and held to no limit where there is none", () => {
  const machine = machineOf({ maxMessageBytes: undefined, maxFrameBytes: undefined, maxFragments: undefined });
  const header = bits(`0 000 0010  1 1111111 00000000 00011111 ${"11111111".repeat(6)} ${zeroKey}`);
  machine.read(header, 0, header.length);
  expect([machine.state, machine.takeEvent()]).toEqual(["open", undefined]);
});
