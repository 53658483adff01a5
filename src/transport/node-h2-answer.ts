import { constants, type ServerHttp2Stream } from "node:http2";
import { parseFieldLines, withoutHopByHop, withoutLength } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { lingerOnStream } from "./node-h2-linger.ts";
import { contentBytes, contentLengthLine } from "./response-content.ts";

/**
 * Sends a whole final answer, unless one was sent or the stream is gone, and ends the stream alone.
 *
 * @param takeMs - how long the client may take to take the answer.
 * @throws TypeError for an invalid field line; nothing has been sent then.
 */
export function sendAnswer(
  stream: ServerHttp2Stream,
  { status, fields, body }: OpeningRejection,
  takeMs: number,
): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  const lines = parseFieldLines(fields);
  const content = contentBytes(body);
  const own = contentLengthLine(status, content);
  const kept = withoutLength(withoutHopByHop(lines));
  // node:http2 has ended the answer to a HEAD already.
  const endStream = content.length === 0 || stream.writableEnded;
  stream.respond([":status", String(status), ...kept, ...own], { endStream });
  if (!endStream) stream.end(content);
  stream.resume();

  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), takeMs);
  stream.once("close", () => clearTimeout(timer));
  const linger = (): void => {
    clearTimeout(timer);
    lingerOnStream(stream);
  };
  if (stream.writableFinished) linger();
  else stream.once("finish", linger);
}
