import * as fc from "fast-check";
import { once } from "node:events";
import { connect, performServerHandshake, type ClientHttp2Session, type ServerHttp2Session } from "node:http2";
import { duplexPair } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HpackDecoder } from "../../../src/transport/h2/hpack-decoder.ts";
import { HpackEncoder } from "../../../src/transport/h2/hpack-encoder.ts";
import { Flag, FrameType, Preface, rawFrame, settingsFrame } from "../../support/raw-h2.ts";

const Limits = { maxHeaderBytes: 1_000_000, maxHeaderCount: 1_000 };

/** Visible ASCII without what nghttp2 trims or refuses; long and short, new and known before. */
const Value = fc.oneof(
  fc.constantFrom("gzip, deflate", "chat.v2", "https://app.example.com", "permessage-deflate; client_max_window_bits"),
  fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 120 }),
);
const Name = fc.constantFrom(
  "x-a",
  "x-b",
  "cookie",
  "authorization",
  "origin",
  "accept-encoding",
  "user-agent",
  "etag",
);
const Fields = fc
  .uniqueArray(fc.tuple(Name, Value), { selector: ([name]) => name, maxLength: 8 })
  .map((lines) => lines.flat());

const PseudoFields = [":method", "GET", ":scheme", "http", ":authority", "example.com", ":path", "/"];

describe("header blocks of nghttp2", () => {
  let session: ClientHttp2Session;
  let headers: (block: Buffer) => void;

  beforeAll(() => {
    const [near, far] = duplexPair();
    session = connect("http://example.com", { createConnection: () => near });
    far.write(settingsFrame());
    let held = Buffer.alloc(0);
    let skipped = Preface.length;
    far.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk.subarray(skipped)]);
      skipped = Math.max(0, skipped - chunk.length);
      while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
        const length = held.readUIntBE(0, 3);
        if (held[3] === FrameType.Headers) headers(stripped(held[4]!, held.subarray(9, 9 + length)));
        held = held.subarray(9 + length);
      }
    });
  });
  afterAll(() => session.destroy());

  test("are read, whatever nghttp2 makes of its table and the code", async () => {
    const decoder = new HpackDecoder();
    await fc.assert(
      fc.asyncProperty(Fields, async (fields) => {
        const block = new Promise<Buffer>((resolve) => (headers = resolve));
        const stream = session.request([...PseudoFields, ...fields], { endStream: true });
        stream.on("error", () => undefined);
        expect(decoder.decode(await block, Limits)).toEqual([...PseudoFields, ...fields]);
        stream.close();
      }),
      { numRuns: 200 },
    );
  });
});

describe("header blocks for nghttp2", () => {
  let session: ServerHttp2Session;
  let send: (bytes: Buffer) => void;

  beforeAll(() => {
    const [near, far] = duplexPair();
    session = performServerHandshake(near, { settings: { maxConcurrentStreams: 1_000 } });
    session.on("error", () => undefined);
    far.resume();
    far.write(Buffer.concat([Preface, settingsFrame()]));
    send = (bytes) => far.write(bytes);
  });
  afterAll(() => session.destroy());

  test("are read by it, whatever was in the blocks before", async () => {
    const encoder = new HpackEncoder();
    let streamId = -1;
    await fc.assert(
      fc.asyncProperty(Fields, async (fields) => {
        streamId += 2;
        const arrived = once(session, "stream");
        const block = encoder.encode([...PseudoFields, ...fields]);
        send(rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, streamId, block));
        const [stream, , , rawFields] = (await arrived) as [{ destroy(): void }, object, number, string[]];
        expect(rawFields).toEqual([...PseudoFields, ...fields]);
        stream.destroy();
      }),
      { numRuns: 200 },
    );
  });
});

/** The header block of a HEADERS frame, its priority cut off: nghttp2 may still send one. */
function stripped(flags: number, payload: Buffer): Buffer {
  return flags & 0x20 ? payload.subarray(5) : payload;
}
