import type { ServerResponse } from "node:http";
import { tryFieldLines, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { ConnectionFacts, HttpExchange } from "./opening.ts";
import type { RequestFacts } from "./request-facts.ts";
import { contentBytes } from "./response-content.ts";

/** An ordinary request on HTTP/1.1, answered through node:http, which keeps pipelined answers in order. */
export class H1Exchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly connection: ConnectionFacts;
  readonly streamId = 0;
  readonly #response: ServerResponse;
  readonly #isLast: () => boolean;

  /** @param isLast - asked at the answer: whether the connection shall close behind it. */
  constructor(facts: RequestFacts, connection: ConnectionFacts, response: ServerResponse, isLast: () => boolean) {
    this.method = facts.method;
    this.path = facts.path;
    this.authority = facts.authority;
    this.fields = facts.fields;
    this.connection = connection;
    this.#response = response;
    this.#isLast = isLast;
  }

  respond(answer: Parameters<HttpExchange["respond"]>[0]): void {
    respondOnce(this.#response, answer, { isLast: this.#isLast() });
  }
}

/**
 * Sends the whole answer, unless one was sent or the client is gone. With `isLast` the connection closes behind it.
 *
 * @throws TypeError for an invalid field line; nothing has been sent then.
 */
export function respondOnce(
  response: ServerResponse,
  { status, fields, body }: Parameters<HttpExchange["respond"]>[0],
  { isLast }: { readonly isLast: boolean },
): void {
  if (response.headersSent || response.destroyed) return;
  const lines = tryFieldLines(fields);
  if (lines === undefined) throw new TypeError("invalid field line");
  const content = contentBytes(body);
  const own = isLast ? ["connection", "close"] : [];
  // Neither has content, and the field is forbidden in a 204 (RFC 9110 §8.6).
  if (status !== 204 && status !== 304) own.push("content-length", String(content.length));
  response.writeHead(status, [...withoutNames(lines, (name) => name === "content-length"), ...own]);
  response.end(response.req.method === "HEAD" ? undefined : content);
}
