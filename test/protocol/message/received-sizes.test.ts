import { expect, test } from "vitest";
import { MessageSizes } from "../../../src/protocol/frame/message-sizes.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { ConnectionMachine } from "../../../src/protocol/message/connection-machine.ts";
import { hex } from "../../support/bits.ts";

test("a message that comes is measured when it is whole, and a length that is only claimed is none", () => {
  const incoming = new Traffic(new MessageSizes());
  const limits = { maxMessageBytes: Infinity, maxFrameBytes: undefined, maxFragments: undefined };
  const machine = new ConnectionMachine({ role: "client", ...limits, incoming, outgoing: new Traffic() });
  const sums = [hex("01 02 6869"), hex("89 01 00"), hex("80 03 2121"), hex("21"), hex("82 7e ffff 00")].map((bytes) => {
    for (let at = 0; at < bytes.length;) at = machine.read(bytes, at, bytes.length);
    machine.takeEvent();
    return incoming.sizes?.sum;
  });
  expect(sums).toEqual([0, 0, 0, 5, 5]);
  expect(incoming).toMatchObject({ text: 1, continuation: 1, binary: 1, begunBytes: 0 });
});
