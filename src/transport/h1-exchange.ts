import type { ServerResponse } from "node:http";
import { fieldValues, tryFieldLines, withoutNames } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { ConnectionFacts, HttpExchange } from "./opening.ts";
import type { RequestFacts } from "./request-facts.ts";
import { contentBytes, contentLengthLine } from "./response-content.ts";

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
  // Who sends Upgrade names that in Connection (RFC 9110 §7.8).
  const upgrade = fieldValues(lines, "upgrade").length > 0 ? ["Upgrade"] : [];
  const options = [...(isLast ? ["close"] : []), ...upgrade];
  const own = options.length === 0 ? [] : ["connection", options.join(", ")];
  const kept = withoutNames(lines, (name) => name === "content-length");
  response.writeHead(status, [...kept, ...own, ...contentLengthLine(status, content)]);
  response.end(response.req.method === "HEAD" ? undefined : content);
}
