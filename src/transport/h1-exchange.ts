import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { fieldValues, hasListMember } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { AnswerHead, ExchangeResponder } from "./pending-exchange.ts";
import { resetSocket } from "./reset-socket.ts";

/** Answers a request on HTTP/1.1 through node:http, which keeps pipelined answers in order. */
export class H1Responder implements ExchangeResponder {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** The TCP socket beneath, or the socket itself. */
  readonly #connection: Socket;
  readonly #isLast: () => boolean;
  #isFlushed = false;

  /** @param isLast - asked at the answer: whether the connection shall close behind it. */
  constructor(request: IncomingMessage, response: ServerResponse, connection: Socket, isLast: () => boolean) {
    this.#request = request;
    this.#response = response;
    this.#connection = connection;
    this.#isLast = isLast;
    // Else an HTTP/1.0 client could have itself sent chunks, by a TE field of its own.
    if (this.#isHttp10) response.useChunkedEncodingByDefault = false;
  }

  get hasTurn(): boolean {
    return this.#response.socket !== null;
  }

  inform(status: number, fields: FieldLines): void {
    if (this.#isHttp10 || this.#response.destroyed) return;
    // Only so does node:http know that the client goes on; else it takes its content for unsent and the connection for lost.
    if (status === 100) this.#response.writeContinue();
    else this.#response.writeInformation(status, [...fields]);
  }

  begin({ status, fields, isLast }: AnswerHead): void {
    const response = this.#response;
    if (response.destroyed) return;
    // Who sends Upgrade names that in Connection (RFC 9110 §7.8).
    const upgrade = fieldValues(fields, "upgrade").length > 0 ? ["Upgrade"] : [];
    // Node adds the client's wish for the last answer itself, but not to a Connection field of ours.
    const options = [...(isLast || this.#isLast() || !response.shouldKeepAlive ? ["close"] : []), ...upgrade];
    const own = options.length === 0 ? [] : ["connection", options.join(", ")];
    response.writeHead(status, [...fields, ...own]);
    // With the first part, if that comes now: they fit in one packet.
    process.nextTick(() => this.#flush());
  }

  write(part: Uint8Array, onTaken: () => void): boolean {
    this.#isFlushed = true;
    return this.#response.write(part, onTaken);
  }

  end(last: Uint8Array | undefined, trailers: FieldLines): void {
    const response = this.#response;
    this.#isFlushed = true;
    if (response.destroyed) return;
    if (trailers.length > 0 && this.#canTakeTrailers) response.addTrailers(pairs(trailers));
    response.end(last);
  }

  abort(): void {
    const response = this.#response;
    // Those before it are not to blame.
    if (response.socket === null) response.once("socket", () => this.#cutOff());
    else this.#cutOff();
  }

  #cutOff(): void {
    // An answer to HTTP/1.0 that ends with the connection would seem whole.
    if (this.#isHttp10) resetSocket(this.#connection);
    this.#response.destroy();
  }

  #flush(): void {
    if (!this.#isFlushed && !this.#response.destroyed) this.#response.flushHeaders();
    this.#isFlushed = true;
  }

  get #canTakeTrailers(): boolean {
    return this.#response.chunkedEncoding && hasListMember(this.#request.headersDistinct["te"] ?? [], "trailers");
  }

  get #isHttp10(): boolean {
    return this.#request.httpVersion === "1.0";
  }
}

function pairs(fields: FieldLines): [string, string][] {
  return fields.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, fields[i + 1] ?? ""]] : []));
}
