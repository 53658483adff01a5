import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { ConnectionMachine } from "../../../src/protocol/message/connection-machine.ts";
import { PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import { joined } from "../../support/bits.ts";
import { framesIn } from "../../support/machine-run.ts";

const direction = { windowBits: 15, contextTakeover: true };

function machineOf(role: "server" | "client", extensions: readonly PermessageDeflate[] = []) {
  const outgoing = new Traffic();
  const limits = { maxMessageBytes: undefined, maxFrameBytes: undefined, maxFragments: undefined };
  return {
    machine: new ConnectionMachine({ role, extensions, ...limits, incoming: new Traffic(), outgoing }),
    outgoing,
  };
}

describe("bytes that nobody writes to again", () => {
  const large = new Uint8Array(5_000).fill(7);

  test.each([
    { name: "of a server go out behind their header as they are", role: "server", payload: large, copied: false },
    { name: "of a client are masked, and so a copy", role: "client", payload: large, copied: true },
    { name: "are copied where they are few", role: "server", payload: large.subarray(0, 100), copied: true },
  ] as const)("$name", ({ role, payload, copied }) => {
    const { machine, outgoing } = machineOf(role);
    machine.send(payload, { lifetime: "kept" });
    const output = machine.takeOutput();
    expect(output.includes(payload)).toBe(!copied);
    expect(output).toHaveLength(copied ? 1 : 2);
    expect(framesIn(joined(output))).toMatchObject([
      { fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(payload) },
    ]);
    expect(outgoing).toMatchObject({ binary: 1, bytes: joined(output).length });
    expect(payload.every((byte) => byte === 7)).toBe(true);
  });

  test("are copied if nobody says so", () => {
    const { machine } = machineOf("server");
    const payload = large.slice();
    machine.send(payload);
    const output = machine.takeOutput();
    payload.fill(0);
    expect(framesIn(joined(output))[0]?.payload).toEqual(large);
  });

  test("are those of a text and what an extension made, whatever was said", () => {
    const { machine: plain } = machineOf("server");
    plain.send("é".repeat(2_000));
    expect(plain.takeOutput().map(({ length }) => length)).toEqual([4, 4_000]);
    const { machine: deflating } = machineOf("server", [
      new PermessageDeflate({ outgoing: direction, incoming: direction }),
    ]);
    const noise = new Uint8Array(Buffer.from(randomBytes(6_000).toString("base64")));
    deflating.send(noise);
    const [header, payload, ...rest] = deflating.takeOutput();
    expect([header?.length, rest]).toEqual([4, []]);
    expect(payload?.length).toBeLessThan(noise.length);
    const reader = machineOf("client", [new PermessageDeflate({ outgoing: direction, incoming: direction })]).machine;
    const wire = joined([header!, payload!]);
    reader.read(wire, 0, wire.length);
    expect(reader.takeEvent()).toEqual({ type: "binary", data: noise });
  });
});
