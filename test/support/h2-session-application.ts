import type { ByteConsumer, ByteStream, StreamEnding } from "../../src/transport/byte-stream.ts";
import type { HttpExchange, Opening } from "../../src/transport/opening.ts";
import type { SessionStep } from "./h2-session-steps.ts";
import { RecordingSink } from "./recording-sink.ts";
import { pattern } from "./stream-driver.ts";

const SourceBytes = 30_000;
const LargeBytes = 100_000;
const PartBytes = 9_000;

/** What the server's application knows of one stream. */
export interface ApplicationView {
  readonly request: string;
  readonly bytes: Buffer;
  /** What it was told of its end, in that order. */
  readonly events: readonly string[];
}

/** What an application does of its own accord. */
export type ApplicationStep = Extract<
  SessionStep,
  { readonly type: "pause" | "resume" | "end" | "write" | "abort"; readonly slot: number }
>;

/** Serves what the paths of requests say, and writes down all it is told. */
export class SessionApplication {
  readonly sink = new RecordingSink();
  /** How often it was told anything. */
  calls = 0;
  readonly #strands = new Map<number, Strand>();
  readonly #unanswered: Opening[] = [];

  constructor() {
    this.sink.onOpening = (opening) => this.#serveOpening(opening);
    this.sink.onExchange = (exchange) => this.#serveExchange(exchange);
  }

  viewOf(streamId: number): ApplicationView | undefined {
    const strand = this.#strands.get(streamId);
    if (strand === undefined) return undefined;
    return { request: strand.request, bytes: Buffer.concat(strand.chunks), events: [...strand.events] };
  }

  do(step: ApplicationStep, streamId: number): void {
    const strand = this.#strands.get(streamId);
    const stream = strand?.stream;
    if (strand === undefined || stream === undefined) return;
    if (step.type === "write") strand.write(pattern(step.bytes));
    else if (step.type === "abort") stream.abort(step.reason);
    else stream[step.type]();
  }

  /** Answers and reads whatever waits. */
  finish(): void {
    for (const opening of this.#unanswered.splice(0)) this.#strands.get(opening.streamId)?.join(opening.accept({}));
    this.resume();
  }

  /** Reads whatever waits. */
  resume(): void {
    for (const { stream } of this.#strands.values()) stream?.resume();
  }

  #strandOf(streamId: number, request: unknown): Strand {
    const strand = new Strand(JSON.stringify(request), () => this.calls++);
    this.#strands.set(streamId, strand);
    return strand;
  }

  #serveOpening(opening: Opening): void {
    const { path } = opening.request;
    const strand = this.#strandOf(opening.streamId, opening.request);
    opening.onGone = (reason) => strand.tell(`gone: ${reason}`);
    if (path === "/unanswered") return void this.#unanswered.push(opening);
    if (path === "/refuse") return opening.reject({ status: 403, fields: ["x-why", "path"], body: "not here" });
    if (path === "/abort") strand.onBytes = () => strand.stream?.abort("connect-error");
    strand.join(opening.accept({ subprotocol: undefined }));
    if (path !== "/source") return;
    strand.write(pattern(SourceBytes));
    strand.stream?.end();
  }

  #serveExchange(exchange: HttpExchange): void {
    const { method, path, authority, fields, body } = exchange;
    const strand = this.#strandOf(exchange.streamId, { method, path, authority, fields, hasBody: body !== undefined });
    exchange.onGone = (reason) => strand.tell(`gone: ${reason}`);
    if (path === "/large") return sendParts(exchange);
    if (path !== "/post-copy" || body === undefined)
      return exchange.respond({ status: 200, fields: ["x-kind", "whole"], body: "an answer" });
    const answer = exchange.begin({ status: 201, fields: ["x-kind", "copy"] });
    body.on("data", (chunk: Buffer) => {
      strand.take(chunk);
      answer.write(chunk);
    });
    body.on("error", () => strand.tell("error"));
    body.on("end", () => {
      strand.tell("end");
      answer.end(["x-copied", String(Buffer.concat(strand.chunks).length)]);
    });
  }
}

function sendParts(exchange: HttpExchange): void {
  const answer = exchange.begin({ status: 200, fields: ["content-length", String(LargeBytes)] });
  let sent = 0;
  const sendOn = (): void => {
    while (sent < LargeBytes) {
      const part = pattern(Math.min(PartBytes, LargeBytes - sent), sent);
      sent += part.length;
      if (!answer.write(part)) return;
    }
    answer.end();
  };
  answer.onDrain = sendOn;
  sendOn();
}

/** One stream as its application has it. An echo unless told otherwise. */
class Strand implements Required<Pick<ByteConsumer, "onDrain" | "onEnd" | "onClose">> {
  readonly request: string;
  readonly chunks: Buffer[] = [];
  readonly events: string[] = [];
  stream: ByteStream | undefined;
  onBytes = (bytes: Uint8Array, start: number, end: number): void => this.#echo(bytes, start, end);
  readonly #onTold: () => void;

  constructor(request: string, onTold: () => void) {
    this.request = request;
    this.#onTold = onTold;
  }

  /** Begins to read `stream`. */
  join(stream: ByteStream): void {
    this.stream = stream;
    const { onBytes } = this;
    stream.start({
      onBytes: (bytes, start, end) => {
        this.take(bytes.subarray(start, end));
        onBytes(bytes, start, end);
      },
      onDrain: () => this.onDrain(),
      onEnd: () => this.onEnd(),
      onClose: (ending) => this.onClose(ending),
    });
  }

  write(bytes: Buffer): void {
    this.stream?.write(bytes, 0, bytes.length, "kept");
  }

  take(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
    this.#onTold();
  }

  tell(event: string): void {
    this.events.push(event);
    this.#onTold();
  }

  onDrain(): void {
    this.#onTold();
  }

  onEnd(): void {
    this.tell("end");
    this.stream?.end();
  }

  onClose(ending: StreamEnding): void {
    this.tell(JSON.stringify(ending));
  }

  #echo(bytes: Uint8Array, start: number, end: number): void {
    this.stream?.write(bytes, start, end, "call");
  }
}
