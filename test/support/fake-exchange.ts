import type { Readable } from "node:stream";
import type { FieldLines } from "../../src/protocol/handshake/opening-request.ts";
import type { ConnectionFacts, HttpExchange, ResponseBody } from "../../src/transport/opening.ts";
import { connectionFacts } from "./connection-facts.ts";

/** What a {@link FakeExchange} asks for; a GET of `/` where nothing else is said. */
export interface FakeRequest {
  readonly method?: string;
  readonly path?: string;
  readonly authority?: string;
  readonly fields?: FieldLines;
  readonly body?: Readable | undefined;
  readonly connection?: Partial<ConnectionFacts>;
}

/** An ordinary request without a connection, which keeps what it is answered. */
export class FakeExchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly fields: FieldLines;
  readonly body: Readable | undefined;
  readonly connection: ConnectionFacts;
  readonly streamId = 0;
  onGone: HttpExchange["onGone"];
  readonly interim: { readonly status: number; readonly fields: FieldLines }[] = [];
  status = 0;
  answered: FieldLines = [];
  trailers: FieldLines | undefined;
  /** How the answer ended. */
  ending: "whole" | "cut" | undefined;
  /** Whether it takes no more than it has to. */
  isFull = false;
  readonly over = Promise.withResolvers<void>();
  readonly begun = Promise.withResolvers<void>();
  readonly #parts: Uint8Array[] = [];
  #part = Promise.withResolvers<void>();
  #body: ResponseBody | undefined;

  constructor({
    method = "GET",
    path = "/",
    authority = "a.example",
    fields = [],
    body,
    connection,
  }: FakeRequest = {}) {
    this.method = method;
    this.path = path;
    this.authority = authority;
    this.fields = ["host", authority, ...fields];
    this.body = body;
    this.connection = connectionFacts(connection);
  }

  get content(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get text(): string {
    return this.content.toString("latin1");
  }

  /** The values of the answer's field `name`. */
  values(name: string): string[] {
    return this.answered.filter((_, index) => index % 2 === 1 && this.answered[index - 1] === name);
  }

  /** Resolves with the next part of the answer's content. */
  async nextPart(): Promise<void> {
    await this.#part.promise;
  }

  /** The client takes bytes again. */
  drain(): void {
    this.isFull = false;
    this.#body?.onDrain?.();
  }

  leave(): void {
    this.onGone?.("client-left");
    this.over.resolve();
  }

  inform(status: number, fields: FieldLines): void {
    this.interim.push({ status, fields });
  }

  respond({ status, fields, body }: Parameters<HttpExchange["respond"]>[0]): void {
    const answer = this.begin({ status, fields });
    answer.write(Buffer.from(body));
    answer.end();
  }

  begin({ status, fields }: Parameters<HttpExchange["begin"]>[0]): ResponseBody {
    if (fields.some((line) => /[\r\n]/.test(line))) throw new TypeError("invalid field line");
    this.status = status;
    this.answered = fields;
    this.begun.resolve();
    this.#body = {
      onDrain: undefined,
      write: (bytes) => {
        if (this.ending === undefined) this.#parts.push(bytes);
        this.#part.resolve();
        this.#part = Promise.withResolvers();
        return !this.isFull;
      },
      end: (trailers) => {
        this.trailers ??= trailers;
        this.#end("whole");
      },
      abort: () => this.#end("cut"),
    };
    return this.#body;
  }

  abort(): void {
    this.#end("cut");
  }

  #end(ending: "whole" | "cut"): void {
    this.ending ??= ending;
    this.over.resolve();
  }
}
