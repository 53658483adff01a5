import { constants, type Http2Stream } from "node:http2";

/** Emitted by a stream, with the code, when RST_STREAM is about to be sent on it: node:http2 does not tell whose one was. */
export const ResetSent = Symbol("RST_STREAM sent");

/**
 * Sends RST_STREAM with `code` and without END_STREAM before it, which a peer might take for an end in order: `close` ends our
 * half first. A write that is not done yet holds that end back, if nghttp2 is not just reading: then it would hold back the
 * reset as well.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  if (!stream.destroyed && !stream.closed) stream.emit(ResetSent, code);
  if (code === constants.NGHTTP2_NO_ERROR) {
    // close(NO_ERROR) would wait until what is queued has left.
    stream.destroy();
    return;
  }
  setImmediate(() => {
    if (!stream.destroyed && !stream.writableEnded) stream.write(Buffer.alloc(0));
    stream.close(code);
  });
}
