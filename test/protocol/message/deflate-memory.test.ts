import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as zlib from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { binaryFrame, textFrame } from "../../../src/protocol/frame/frame.ts";
import type { Frame } from "../../../src/protocol/frame/frame.ts";
import { PermessageDeflate } from "../../../src/protocol/message/permessage-deflate.ts";
import { SlidingWindow } from "../../../src/protocol/message/sliding-window.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is held when nothing is under way. Objects of zlib go in a later turn than they are collected in. */
async function heldBytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().arrayBuffers;
}

const words = Array.from({ length: 3_000 }, (_, index) => `${(index * index) % 977} ${index % 13} words;`).join(" ");

describe("what a WebSocket with permessage-deflate holds between messages", () => {
  const Count = 100;

  test.each([
    { windowBits: 15, contextTakeover: true, bytes: 32_768 },
    { windowBits: 13, contextTakeover: true, bytes: 8_192 },
    { windowBits: 8, contextTakeover: true, bytes: 256 },
    { windowBits: 15, contextTakeover: false, bytes: 0 },
  ])(
    "is $bytes bytes a direction with windows of 2^$windowBits, taken over: $contextTakeover",
    async ({ windowBits, contextTakeover, bytes }) => {
      const direction = { windowBits, contextTakeover };
      const tuning = { thresholdBytes: 0 };
      const peer = new PermessageDeflate({ outgoing: direction, incoming: direction }, tuning);
      const heard: Frame[] = [];
      for (let at = 0; at < words.length; at += 4_000) {
        heard.push(peer.encode(textFrame(words.slice(at, at + 4_000)), {}));
      }
      const before = await heldBytes();
      const ends = Array.from({ length: Count }, () => {
        const end = new PermessageDeflate({ outgoing: direction, incoming: direction }, tuning);
        for (const frame of heard) end.encode(end.decode(frame, undefined), {});
        return end;
      });
      const held = (await heldBytes()) - before;
      expect(ends.every((end) => end.heldBytes === 2 * bytes)).toBe(true);
      // What other tests of this file left behind may go meanwhile: hence no lower bound, and some room.
      expect(held).toBeLessThan(Count * 2 * bytes * 1.02 + 1_000_000);
    },
  );
});

describe("what zlib is given with a dictionary", () => {
  afterEach(() => {
    vi.doUnmock("node:zlib");
    vi.resetModules();
  });

  test("is a step as large as that, by which the collector sees what it costs", async () => {
    const steps: number[] = [];
    const seen = (options: zlib.ZlibOptions | undefined): void => void steps.push(options?.chunkSize ?? 0);
    vi.resetModules();
    vi.doMock("node:zlib", () => ({
      ...zlib,
      deflateRawSync: (bytes: Uint8Array, options?: zlib.ZlibOptions) => {
        seen(options);
        return zlib.deflateRawSync(bytes, options);
      },
      inflateRawSync: (bytes: Uint8Array, options?: zlib.ZlibOptions) => {
        seen(options);
        return zlib.inflateRawSync(bytes, options);
      },
    }));
    const { deflateMessage, inflateMessage } = await import("../../../src/protocol/message/raw-deflate.ts");
    const [sent, received] = [new SlidingWindow(15), new SlidingWindow(15)];
    for (const window of [sent, received]) window.push(new TextEncoder().encode(words));
    const { payload } = binaryFrame(new TextEncoder().encode("hello"));
    const deflated = deflateMessage(payload, sent, { level: 3, windowBits: 15 });
    inflateMessage(deflated, received, 15, { maxBytes: 100, code: "WS_MESSAGE_TOO_BIG" });
    expect(steps).toHaveLength(2);
    for (const step of steps) expect(step).toBeGreaterThan(32_768);
  });
});
