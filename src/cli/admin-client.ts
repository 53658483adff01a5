import { EventStreamParser, type ServerSentEvent } from "../gateway/admin/console/event-stream-parser.ts";
import type { FrameView, Overview, StreamPage } from "../gateway/telemetry/stream-view.ts";

/** Why the gateway could not be asked, or what it says instead of an answer: one line for people. */
export class AdminFailure extends Error {
  override readonly name = "AdminFailure";
}

/** Where the admin port is, and who asks. */
export interface AdminAccess {
  /** Without user, password and what is behind the port. */
  readonly url: string;
  /** The value of the `Authorization` field, if there is one. */
  readonly authorization: string | undefined;
}

/** An answer takes no longer. */
const AnswerMs = 10_000;
/** The gateway sends a comment every 15 seconds where it has nothing else to say. */
const SilenceMs = 45_000;

/** Asks the admin port of a gateway. Each method throws {@link AdminFailure}. */
export class AdminClient {
  readonly url: string;
  readonly #authorization: string | undefined;

  constructor({ url, authorization }: AdminAccess) {
    this.url = url;
    this.#authorization = authorization;
  }

  async overview(): Promise<Overview> {
    const overview: Overview = await this.#json("/overview");
    return overview;
  }

  async page(query: URLSearchParams): Promise<StreamPage> {
    const page: StreamPage = await this.#json(`/streams?${query.toString()}`);
    return page;
  }

  /** Every stream that fits `query`, each a line of JSON. */
  async *lines(query: URLSearchParams): AsyncGenerator<string> {
    const all = new URLSearchParams([...query, ["format", "ndjson"]]);
    let rest = "";
    for await (const text of this.#text(`/streams?${all.toString()}`)) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") throw new AdminFailure(`the answer of ${this.url} broke off`);
  }

  /** Begins to close a stream; returns what the gateway says. */
  async close(id: number): Promise<string> {
    const { text } = await this.#whole(`/streams/${id}`, "DELETE");
    return text.trim();
  }

  /** The frames of the stream `id` from now on, until it ends; `missed` tells how many were left out in between. */
  async *frames(id: number, preview: boolean): AsyncGenerator<FrameView | { readonly missed: number }> {
    for await (const { event, data } of this.#events(`/streams/${id}/frames${preview ? "?preview=1" : ""}`)) {
      if (event === "end") return;
      if (event === "frame") {
        const frame: FrameView = JSON.parse(data);
        yield frame;
      }
      if (event === "missed") {
        const { count }: { readonly count: number } = JSON.parse(data);
        yield { missed: count };
      }
    }
    throw new AdminFailure(`${this.url} ended the connection; the gateway stops, or its admin port has moved`);
  }

  async #json<Value>(path: string): Promise<Value> {
    const { type, text } = await this.#whole(path, "GET");
    if (type !== "application/json") throw new AdminFailure(noHawser(this.url, path));
    return JSON.parse(text);
  }

  async #whole(path: string, method: "GET" | "DELETE") {
    const patience = new Patience(this.url, AnswerMs);
    try {
      const answer = await this.#ask(path, method, patience);
      return { type: answer.headers.get("content-type"), text: await patience.with(() => answer.text()) };
    } finally {
      patience.end();
    }
  }

  async *#events(path: string): AsyncGenerator<ServerSentEvent> {
    const parser = new EventStreamParser();
    for await (const text of this.#text(path)) yield* parser.push(text);
  }

  /** The content of an answer as it comes. */
  async *#text(path: string): AsyncGenerator<string> {
    const patience = new Patience(this.url, SilenceMs);
    const answer = await this.#ask(path, "GET", patience);
    if (answer.body === null) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        const { done, value } = await patience.with(() => reader.read());
        if (done) return;
        // How long the caller takes is no silence of the gateway.
        patience.end();
        yield value;
        patience.begin();
      }
    } finally {
      patience.end();
      await reader.cancel().catch(() => undefined);
    }
  }

  async #ask(path: string, method: "GET" | "DELETE", patience: Patience): Promise<Response> {
    const headers = this.#authorization === undefined ? {} : { authorization: this.#authorization };
    const { signal } = patience;
    const answer = await patience.with(() => fetch(`${this.url}${path}`, { method, headers, signal }));
    if (answer.ok) return answer;
    const said = await patience.with(() => answer.text());
    throw new AdminFailure(refusal(this.url, path, answer.status, said));
  }
}

/** How long the gateway at a URL may be silent. */
class Patience {
  readonly #url: string;
  readonly #over = new AbortController();
  readonly #silenceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, silenceMs: number) {
    this.#url = url;
    this.#silenceMs = silenceMs;
    this.begin();
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** It begins, anew where it has before. */
  begin(): void {
    this.end();
    this.#timer = setTimeout(() => this.#over.abort(), this.#silenceMs).unref();
  }

  /** It does not end any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /**
   * The result of what fails where the connection does.
   *
   * @throws AdminFailure in place of what it throws.
   */
  async with<Value>(attempt: () => Promise<Value>): Promise<Value> {
    try {
      return await attempt();
    } catch (error) {
      throw new AdminFailure(this.signal.aborted ? `${this.#url} is silent` : unreachable(this.#url, error));
    }
  }
}

function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const isRefused = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
  const reason = isRefused ? "nobody listens there" : cause instanceof Error ? cause.message : String(cause);
  return `cannot reach ${url}: ${reason}; --admin URL, or HAWSER_ADMIN, says where the admin port of the gateway is`;
}

function refusal(url: string, path: string, status: number, said: string): string {
  const line = said.trim().split("\n", 1)[0] ?? "";
  if (status === 401) {
    return `${url} says: ${line}; --token-file FILE, HAWSER_ADMIN_TOKEN or http://USER:PASSWORD@HOST:PORT gives them`;
  }
  const isForeign = line.startsWith("<") || line === "" || (status === 404 && line.startsWith("not found"));
  return isForeign ? noHawser(url, path) : `${url} says: ${line.slice(0, 300)}`;
}

function noHawser(url: string, path: string): string {
  const [asked = ""] = path.split("?", 1);
  return `${url} does not know ${asked}: it is not the admin port of hawser, or of an older one`;
}
