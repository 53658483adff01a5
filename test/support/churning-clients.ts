import { once, type EventEmitter } from "node:events";
import { constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

/** How a client ends a stream whose message came back. */
export type ClientEnding = "close" | "end" | "reset" | "broken" | "half";

export const ClientEndings: readonly ClientEnding[] = ["close", "end", "reset", "broken", "half"];

/** How its upstream does where it is one of `startSoakUpstream`: by a Close, by the end of its TCP connection, by a reset. */
export type UpstreamEnding = "upstream close" | "upstream end" | "upstream reset";

/** One WebSocket: where it goes, what it sends and wants back, and how it ends. */
export interface ShortLife {
  readonly path: string;
  /** A masked frame; what comes back is as long but for the four bytes of the key. */
  readonly message: Buffer;
  readonly ending: ClientEnding | UpstreamEnding;
}

/** A text frame with `text`, at most 125 bytes of it; the key is zero. */
export function maskedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

/** A binary frame with `length` bytes, which are more than 65535; the key is zero. */
export function maskedBinary(length: number): Buffer {
  const frame = Buffer.alloc(14 + length);
  frame.set([0x82, 0xff]);
  frame.writeBigUInt64BE(BigInt(length), 2);
  return frame;
}

/** What the client's last frame is, by how it ends; by itself it only ends or resets. */
const LastFrames: Readonly<Partial<Record<ShortLife["ending"], Buffer>>> = {
  close: Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]),
  broken: Buffer.from([0x81, 0x02, 0x68, 0x69]),
  half: Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3]),
  "upstream close": maskedText("upstream close"),
  "upstream end": maskedText("upstream end"),
  "upstream reset": maskedText("upstream reset"),
};

const LengthOfKey = 4;

/** Lives `life` on a stream of `session`, by Extended CONNECT. Resolves when the stream is closed. */
export async function liveOverHttp2(session: ClientHttp2Session, life: ShortLife): Promise<void> {
  const stream = await openOverHttp2(session, life.path, life.message);
  const closed = closeOf(stream);
  end(stream, life.ending, () => stream.close(constants.NGHTTP2_CANCEL));
  await closed;
}

/** A stream of `session` that is a WebSocket, on which `message` came back. */
export async function openOverHttp2(
  session: ClientHttp2Session,
  path: string,
  message: Buffer,
): Promise<ClientHttp2Stream> {
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": path,
      ":authority": "churn.test",
      ":scheme": "http",
      "sec-websocket-version": "13",
    },
    { endStream: false },
  );
  stream.on("error", () => undefined);
  const [fields] = await once(stream, "response");
  if (fields[":status"] !== 200) throw new Error(`answered with ${fields[":status"]}`);
  await echoed(stream, message);
  return stream;
}

/** The same by an Upgrade, on a TCP connection of its own to `port`. */
export async function liveOverHttp1(port: number, life: ShortLife): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.write(
    `GET ${life.path} HTTP/1.1\r\nHost: churn.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(`answered with ${head.toString("latin1")}`);
  await echoed(socket, life.message);
  const closed = closeOf(socket);
  end(socket, life.ending, () => socket.resetAndDestroy());
  await closed;
}

function end(stream: Duplex, ending: ShortLife["ending"], reset: () => void): void {
  stream.resume();
  stream.on("end", () => stream.end());
  const last = LastFrames[ending];
  if (last !== undefined) stream.write(last);
  else if (ending === "end") stream.end();
  if (ending === "reset" || ending === "half") reset();
}

/** Sends `message`; resolves once as much has come back, and rejects where the stream is closed before. */
function echoed(stream: Duplex, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = message.length - LengthOfKey;
    const onData = (chunk: Buffer): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      stream.off("data", onData);
      stream.off("close", onClose);
      resolve();
    };
    const onClose = (): void => reject(new Error(`closed before the last ${missing} bytes came`));
    stream.on("data", onData);
    stream.once("close", onClose);
    stream.write(message);
  });
}

/** The end of a stream or socket, in order or by a reset. */
function closeOf(emitter: EventEmitter): Promise<unknown> {
  return new Promise((resolve) => emitter.once("close", resolve));
}
