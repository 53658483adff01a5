import { constants, type ServerHttp2Stream } from "node:http2";
import { LingerMs, MaxDroppedBytes } from "./lingering-close.ts";
import { resetStream } from "./node-h2-reset.ts";

/**
 * Drops what the client still sends on a stream whose answer has left. If it does not end its half, the stream is reset with
 * NO_ERROR a little later, or as soon as that is more than little (RFC 9113 §8.1).
 */
export function lingerOnStream(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed) return;
  let droppedBytes = 0;
  stream.on("data", (part: Buffer) => {
    droppedBytes += part.length;
    // Not within nghttp2's reading.
    if (droppedBytes > MaxDroppedBytes) setImmediate(() => resetStream(stream, constants.NGHTTP2_NO_ERROR));
  });
  stream.resume();
  const timer = setTimeout(() => resetStream(stream, constants.NGHTTP2_NO_ERROR), LingerMs);
  stream.once("close", () => clearTimeout(timer));
}
