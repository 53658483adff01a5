import { FrameScanner } from "../../src/protocol/frame/frame-scanner.ts";
import { copyMasked, maskWord } from "../../src/protocol/frame/mask.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import { ConnectionMachine } from "../../src/protocol/message/connection-machine.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import { Agreed, Limits, maskedPayloads, Reads, type Side, type Tally } from "./codec-work.ts";

/** With permessage-deflate or without. */
export type Coding = "plain" | "deflated";

/** One end of a WebSocket without its socket. */
export function machineOf(role: "server" | "client", coding: Coding): ConnectionMachine {
  const direction = { windowBits: Agreed.windowBits, contextTakeover: true };
  const deflate = new PermessageDeflate(
    { outgoing: direction, incoming: direction },
    { level: Agreed.level, thresholdBytes: Agreed.thresholdBytes },
  );
  const extensions = coding === "deflated" ? [deflate] : [];
  return new ConnectionMachine({ role, extensions, ...Limits, incoming: new Traffic(), outgoing: new Traffic() });
}

/** Reads `bytes` as a connection does: to the end of one frame after the other. */
export function receive(machine: ConnectionMachine, bytes: Uint8Array, tally: Tally): void {
  for (let offset = 0; offset < bytes.length;) {
    offset = machine.read(bytes, offset, bytes.length);
    const event = machine.takeEvent();
    if (event === undefined) continue;
    if (event.type === "binary") tally.add(event.data);
    else if (event.type === "text") tally.addText(event.text);
    else throw new Error(`a ${event.type}, and not a message`);
  }
}

/** The messages of a client come out at a server. */
export function decoding(wire: Buffer, coding: Coding = "plain"): Side {
  const reads = new Reads(wire);
  let machine = machineOf("server", coding);
  return {
    prepare() {
      reads.restore();
      if (coding === "deflated") machine = machineOf("server", coding);
    },
    run(tally) {
      for (const chunk of reads.chunks) receive(machine, chunk, tally);
    },
  };
}

/** Where the frames are is found out, and nothing else: what the relay of a gateway does. */
export function scanning(wire: Buffer): Side {
  const { chunks } = new Reads(wire);
  const scanner = new FrameScanner();
  return {
    run(tally) {
      for (const chunk of chunks) {
        for (let offset = 0; offset < chunk.length;) {
          if (scanner.payloadRemaining === 0) offset = scanner.readHeader(chunk, offset, chunk.length);
          if (!scanner.headerComplete) continue;
          offset += scanner.skipPayload(chunk.length - offset);
          if (scanner.payloadRemaining > 0) continue;
          tally.messages++;
          tally.bytes += scanner.payloadLength;
        }
      }
    },
  };
}

/** Payloads come unmasked out of the reads they lie in, into memory that is there. */
export function unmasking(payloads: readonly Buffer[]): Side {
  const masked = maskedPayloads(payloads);
  const target = Buffer.alloc(payloads[0]?.length ?? 0);
  return {
    run(tally) {
      for (const { bytes, key } of masked) {
        copyMasked(bytes, bytes.length - target.length, bytes.length, target, 0, maskWord(key, 0));
        tally.add(target);
      }
    },
  };
}

/** Messages go out as wire bytes. As `ws` does in any case, it is told that nobody writes to their bytes again. */
export function encoding(payloads: readonly Buffer[], role: "server" | "client", coding: Coding = "plain"): Side {
  const options = { lifetime: "kept" } as const;
  let machine = machineOf(role, coding);
  return {
    prepare() {
      if (coding === "deflated") machine = machineOf(role, coding);
    },
    run(tally) {
      for (const payload of payloads) {
        machine.send(payload, options);
        for (const bytes of machine.takeOutput()) tally.add(bytes);
      }
    },
  };
}
