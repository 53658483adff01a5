import type { Opening } from "../transport/opening.ts";

/** In milliseconds: longer than a browser nearby takes to end its half, shorter than one far away takes to open the next stream. */
export const H2LingerMs = 20;

/**
 * How long the client of `opening` may take to end its half when all is said, in milliseconds. Over HTTP/2 Firefox never does,
 * but counts the stream as closed: what it opens meanwhile can exceed the limit of the connection, which nghttp2 answers by
 * ending all of it. The reset is read behind all that was sent. Over HTTP/1.1 it would overtake what the client has not read
 * yet, so there the deadlines of the closing handshake hold.
 */
export function lingerMsOf({ connection }: Pick<Opening, "connection">): number | undefined {
  return connection.httpVersion === "2" ? H2LingerMs : undefined;
}
