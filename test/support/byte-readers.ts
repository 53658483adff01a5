import { WebSocketError } from "../../src/protocol/errors.ts";
import type { Frame } from "../../src/protocol/frame/frame.ts";
import { FrameDecoder } from "../../src/protocol/frame/frame-decoder.ts";
import { FrameScanner } from "../../src/protocol/frame/frame-scanner.ts";
import { PermessageDeflate } from "../../src/protocol/message/permessage-deflate.ts";
import { Utf8Validator } from "../../src/protocol/message/utf8.ts";
import { ChunkedDecoder } from "../../src/transport/chunked-decoder.ts";
import { tryReadClientHello } from "../../src/transport/client-hello.ts";
import { tryDetectHttpVersion } from "../../src/transport/preface.ts";
import { readProxyHeader } from "../../src/transport/proxy-protocol.ts";
import { ResponseBodyReader, tryBodyFraming } from "../../src/transport/response-body.ts";
import { ResponseHeadReader } from "../../src/transport/response-head.ts";
import {
  ChunkedPieces,
  ClientHelloPieces,
  framePieces,
  PrefacePieces,
  ProxyPieces,
  ResponsePieces,
  TextPieces,
} from "./byte-pieces.ts";
import { Http2Pieces, readH2Frames } from "./h2-byte-readers.ts";
import { comparable, type MachineUnderTest, runMachine } from "./machine-run.ts";

/** Something that reads bytes as they come. */
export interface ByteReader {
  readonly name: string;
  /** What inputs worth reading are made of. */
  readonly pieces: readonly Uint8Array[];
  /** Reads `chunks` from a fresh start; what it came to, comparable by its value. */
  read(chunks: readonly Uint8Array[]): unknown;
}

const Deflate = { windowBits: 9, contextTakeover: true };

/** The endpoints whose machines are tried: both roles, without and with permessage-deflate, messages whole and in parts. */
export const MachinesUnderTest: readonly (MachineUnderTest & { readonly name: string })[] = (
  ["server", "client"] as const
).flatMap((role) => [
  { name: `ConnectionMachine, ${role}`, role },
  { name: `ConnectionMachine, ${role}, in parts`, role, delivery: "parts" },
  {
    name: `ConnectionMachine, ${role}, permessage-deflate`,
    role,
    extensions: () => [new PermessageDeflate({ outgoing: Deflate, incoming: Deflate }, { maxInflateRatio: 20 })],
  },
]);

/** Every reader of bytes in floors 1 and 2. */
export const ByteReaders: readonly ByteReader[] = [
  { name: "FrameDecoder", pieces: framePieces("client"), read: decodeFrames },
  { name: "FrameScanner", pieces: framePieces("server"), read: scanFrames },
  ...MachinesUnderTest.map((one) => ({
    name: one.name,
    pieces: framePieces(one.role === "server" ? "client" : "server"),
    read: (chunks: readonly Uint8Array[]) => comparable(runMachine(one, chunks)),
  })),
  { name: "Utf8Validator", pieces: TextPieces, read: validateUtf8 },
  { name: "ResponseHeadReader", pieces: ResponsePieces, read: readResponse },
  { name: "ChunkedDecoder", pieces: ChunkedPieces, read: decodeChunked },
  { name: "PROXY header", pieces: ProxyPieces, read: growing(readProxyHeader, ({ type }) => type === "incomplete") },
  { name: "ClientHello", pieces: ClientHelloPieces, read: growing(tryReadClientHello, (hello) => hello === undefined) },
  { name: "HTTP/2 FrameReader", pieces: Http2Pieces, read: readH2Frames },
  { name: "preface", pieces: PrefacePieces, read: growing(tryDetectHttpVersion, (version) => version === undefined) },
];

/** The frames in `chunks`, unmasked, no rule but their grammar checked. */
export function decodeFrames(chunks: readonly Uint8Array[]): { readonly frames: Frame[]; readonly error: string } {
  const decoder = new FrameDecoder(() => undefined);
  const frames: Frame[] = [];
  const error = codeThrown(() => {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        at = decoder.read(chunk, at, chunk.length);
        const frame = decoder.takeFrame();
        if (frame) frames.push(frame);
      }
    }
  });
  return { frames, error };
}

/** A frame as a scanner sees it. */
export interface ScannedFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly length: number;
}

/** The whole frames in `chunks`, by their headers alone. */
export function scanFrames(chunks: readonly Uint8Array[]): { readonly frames: ScannedFrame[]; readonly error: string } {
  const scanner = new FrameScanner();
  const frames: ScannedFrame[] = [];
  const error = codeThrown(() => {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) {
        if (scanner.payloadRemaining === 0) at = scanner.readHeader(chunk, at, chunk.length);
        if (!scanner.headerComplete) continue;
        at += scanner.skipPayload(chunk.length - at);
        const { fin, rsv, opcode, payloadLength } = scanner;
        if (scanner.payloadRemaining === 0) frames.push({ fin, rsv, opcode, length: payloadLength });
      }
    }
  });
  return { frames, error };
}

/** The code of the WebSocketError that `act` throws, or an empty text; anything else it throws goes on. */
export function codeThrown(act: () => void): string {
  try {
    act();
    return "";
  } catch (error) {
    if (error instanceof WebSocketError) return error.code;
    throw error;
  }
}

function validateUtf8(chunks: readonly Uint8Array[]): unknown {
  const validator = new Utf8Validator();
  return codeThrown(() => {
    for (const chunk of chunks) validator.push(chunk);
  });
}

/** A response as the dialer reads it: the head, and what of a body is kept. */
function readResponse(chunks: readonly Uint8Array[]): unknown {
  const reader = new ResponseHeadReader();
  let body: ResponseBodyReader | undefined;
  let found: unknown = "incomplete";
  for (const chunk of chunks) {
    let rest: Buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (!body) {
      const progress = reader.read(rest);
      if (progress.type === "incomplete") continue;
      if (progress.type === "broken") return progress;
      found = progress.head;
      const framing = tryBodyFraming(progress.head);
      if (!framing) return { found, framing };
      body = new ResponseBodyReader(framing, 64);
      rest = rest.subarray(progress.end);
    }
    const progress = body.read(rest);
    if (progress !== "more") return { found, progress, content: body.content.toString("latin1") };
  }
  return { found, content: body?.content.toString("latin1") };
}

function decodeChunked(chunks: readonly Uint8Array[]): unknown {
  const decoder = new ChunkedDecoder();
  const parts: Buffer[] = [];
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const progress = decoder.read(bytes, (part) => parts.push(part));
    if (progress !== "more") return { progress, content: Buffer.concat(parts).toString("latin1") };
  }
  return { progress: "more", content: Buffer.concat(parts).toString("latin1") };
}

/** A reader that asks `look` about ever more bytes, until it is sure. */
function growing<T>(look: (held: Buffer) => T, isOpen: (said: T) => boolean): ByteReader["read"] {
  return (chunks) => {
    let held = Buffer.alloc(0);
    let said = look(held);
    for (const chunk of chunks) {
      if (!isOpen(said)) break;
      held = Buffer.concat([held, chunk]);
      said = look(held);
    }
    return said;
  };
}
