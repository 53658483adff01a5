import { Deadline } from "../../transport/deadline.ts";
import type { ConnectionFacts, HttpExchange, OpeningGone } from "../../transport/opening.ts";
import { protocolOf } from "../telemetry/stream-registry.ts";
import type { RequestResult } from "../telemetry/request-metrics.ts";
import type { LiveStream } from "./live-streams.ts";
import { Stopping, tryShortage, UnreadableFile, type RequestFailure } from "./request-failure.ts";
import type { RequestContext, RequestReport } from "./request-report.ts";
import { ResponseRelay } from "./response-relay.ts";
import type { FilesRoute } from "./site.ts";
import type { FileAnswer } from "./static-files.ts";

/** Answers `exchange` with the file `name` below the folder of `route`. Never rejects. */
export async function serveFile(
  exchange: HttpExchange,
  route: FilesRoute,
  name: string,
  report: RequestReport,
  context: RequestContext,
): Promise<void> {
  const served = new ServedFile(exchange, route.name, report, context);
  context.live.add(served);
  try {
    served.answer(await route.files.answer(exchange, name));
  } catch (error) {
    served.fail(readFailure(error));
  }
}

/** What nobody foresaw in a file costs this request alone. */
function readFailure(error: unknown): RequestFailure {
  return (error instanceof Error ? tryShortage(error) : undefined) ?? UnreadableFile;
}

type FoundFile = Extract<FileAnswer, { type: "file" }>;
type Content = NonNullable<FoundFile["content"]>;

/** One file on its way to the client, read no faster than the client takes it. */
class ServedFile implements LiveStream {
  readonly route: string;
  readonly connection: ConnectionFacts;
  readonly #exchange: HttpExchange;
  readonly #report: RequestReport;
  readonly #context: RequestContext;
  /** The disk has to give the next part. */
  readonly #deadline: Deadline;
  #content: Content | undefined;
  #relay: ResponseRelay | undefined;
  #isOver = false;

  constructor(exchange: HttpExchange, route: string, report: RequestReport, context: RequestContext) {
    this.route = route;
    this.connection = exchange.connection;
    this.#exchange = exchange;
    this.#report = report;
    this.#context = context;
    this.#deadline = new Deadline(context.deadlines.bodyIdleMs, () => this.fail(UnreadableFile));
    this.#deadline.start();
    exchange.onGone = (reason) => this.#onGone(reason);
  }

  /** A file may be sent to its end. */
  close(): void {}

  abort(): void {
    this.fail(Stopping);
  }

  answer(answer: FileAnswer): void {
    if (answer.type === "file" && answer.content !== undefined) this.#content = answer.content;
    if (this.#isOver) return void this.#content?.stream.destroy();
    if (answer.type === "refused") {
      this.#report.answer("answered", answer.rejection);
      return this.#end("answered");
    }
    if (this.#content === undefined) {
      this.#begin(answer).end();
      return this.#end("answered");
    }
    this.#read(answer, this.#content);
  }

  #begin({ status, fields }: FoundFile): ReturnType<HttpExchange["begin"]> {
    this.#report.status = status;
    return this.#exchange.begin({ status, fields });
  }

  #read(file: FoundFile, { bytes, stream }: Content): void {
    const relay = new ResponseRelay(this.#begin(file), stream, this.#deadline);
    this.#relay = relay;
    stream.on("error", (error) => this.fail(readFailure(error)));
    stream.on("data", (chunk: Buffer) => {
      this.#report.bytesOut += chunk.length;
      relay.write(chunk);
    });
    stream.once("end", () => {
      // A file that has become shorter since its length was told.
      if (this.#report.bytesOut !== bytes) return this.#cut("failed");
      relay.end();
      this.#end("answered");
    });
  }

  #onGone(reason: OpeningGone): void {
    if (reason === "client-left") return this.#end("client_left");
    if (this.#relay !== undefined) this.#context.limitHit("write_stall", protocolOf(this.connection));
    this.#end("deadline");
  }

  /** Answers `failure`, or cuts the answer off where it has begun. */
  fail(failure: RequestFailure): void {
    if (this.#isOver) return;
    if (this.#relay !== undefined) return this.#cut(failure.result);
    if (failure.limit !== undefined) this.#context.limitHit(failure.limit, protocolOf(this.connection));
    this.#report.fail(failure);
    this.#end(failure.result);
  }

  #cut(result: RequestResult): void {
    this.#relay?.cut();
    this.#end(result);
  }

  #end(result: RequestResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline.clear();
    this.#exchange.onGone = undefined;
    this.#content?.stream.destroy();
    this.#context.live.delete(this);
    this.#report.over(result);
  }
}
