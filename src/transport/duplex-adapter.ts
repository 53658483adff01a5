import { Duplex } from "node:stream";
import type { ByteStream, StreamEnding } from "./byte-stream.ts";

/**
 * `stream` as a Node Duplex, for who has Node streams to join it with. It starts the stream, and is its only consumer.
 *
 * Each half ends by itself: `end()` ends ours behind what was written, 'end' tells the peer's. `destroy()` aborts, with
 * CANCEL, or INTERNAL_ERROR for a destroy with an error. When both halves are over it destroys itself; a stream that ends in
 * any other way destroys it with an Error whose `code` is `ECONNRESET` for a reset and `ECONNABORTED` for a lost connection.
 */
export function duplexOf(stream: ByteStream): Duplex {
  let drained: (() => void) | undefined;
  const duplex = new Duplex({
    // Both ended is not yet all sent: what destroys by itself would cut off what is still queued.
    autoDestroy: false,
    read: () => stream.resume(),
    write(chunk: Buffer, _encoding, callback) {
      // Node lets the writer reuse its buffer once the callback has come, hence `call`.
      if (stream.write(chunk, 0, chunk.length, "call")) callback();
      else drained = callback;
    },
    final(callback) {
      stream.end();
      callback();
    },
    destroy(error, callback) {
      stream.abort(error === null ? "cancel" : "internal-error");
      callback(error);
    },
  });
  stream.start({
    onBytes(bytes, start, end) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      if (!duplex.push(stream.lifetime === "kept" ? view : Buffer.from(view))) stream.pause();
    },
    onDrain() {
      const callback = drained;
      drained = undefined;
      callback?.();
    },
    onEnd: () => void duplex.push(null),
    onClose: (ending) => destroyAfter(duplex, ending),
  });
  return duplex;
}

function destroyAfter(duplex: Duplex, ending: StreamEnding): void {
  if (ending.type !== "ended") duplex.destroy(errorOf(ending));
  // What was read may not have been consumed yet.
  else if (duplex.readableEnded) duplex.destroy();
  else duplex.once("end", () => duplex.destroy());
}

function errorOf(ending: StreamEnding): Error | undefined {
  switch (ending.type) {
    case "reset":
      return Object.assign(new Error("the peer reset the stream"), { code: "ECONNRESET" });
    case "connection-lost":
      return Object.assign(new Error("the connection was lost"), { code: "ECONNABORTED" });
    default:
      return undefined;
  }
}
