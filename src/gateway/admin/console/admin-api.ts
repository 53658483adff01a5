import type { GatewayEvent, Overview, FrameView, StreamPage, StreamView } from "../../telemetry/stream-view.ts";
import { EventStreamParser, type ServerSentEvent } from "./event-stream-parser.ts";
import type { UpstreamLine } from "../upstream-lines.ts";
import { queryOf, type StreamFilter } from "./place.ts";
import type { Session } from "./session.ts";

/** An answer of the admin port that is none of the good ones, or none at all (status 0). */
export class AdminApiError extends Error {
  override readonly name = "AdminApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The config in force as `GET /config` has it. */
export interface ConfigAnswer {
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly loadedAt: number;
  /** What the reload that brought it has changed; `null` at the start. */
  readonly summary: string | null;
  readonly config: unknown;
}

/** How long one listens, and who is told when that begins. */
export interface Listening {
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
}

/** So many frames came faster than they were read. */
export type MissedFrames = Extract<GatewayEvent, { type: "missed" }>;

/** Longer than the gateway takes for anything but a reload. */
const AnswerMs = 10_000;
const ReloadMs = 60_000;

/** The admin port, asked with the credentials of `session`. Every method throws {@link AdminApiError}. */
export class AdminApi {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async overview(signal: AbortSignal): Promise<Overview> {
    return (await this.#ask("/overview", signal)).json();
  }

  async streams(filter: StreamFilter, offset: number, limit: number, signal: AbortSignal): Promise<StreamPage> {
    const query = queryOf(filter, { withDefaults: true });
    query.set("offset", String(offset));
    query.set("limit", String(limit));
    return (await this.#ask(`/streams?${query.toString()}`, signal)).json();
  }

  /** `undefined` where there is no such stream (any more). */
  async stream(id: number, signal: AbortSignal): Promise<StreamView | undefined> {
    try {
      return await (await this.#ask(`/streams/${id}`, signal)).json();
    } catch (error) {
      if (error instanceof AdminApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async upstreams(signal: AbortSignal): Promise<readonly UpstreamLine[]> {
    const { upstreams }: { upstreams: UpstreamLine[] } = await (await this.#ask("/upstreams", signal)).json();
    return upstreams;
  }

  async config(signal: AbortSignal): Promise<ConfigAnswer> {
    return (await this.#ask("/config", signal)).json();
  }

  /** Begins the closing handshake of a stream. */
  async close(id: number, code: number): Promise<void> {
    await this.#send("DELETE", `/streams/${id}?code=${code}`, AnswerMs);
  }

  /** What the gateway says of its reload or drain. */
  async act(name: "reload" | "drain"): Promise<string> {
    return (await (await this.#send("POST", `/${name}`, ReloadMs)).text()).trim();
  }

  /** The frames of a stream from now on, and how many could not be told; until it ends or the signal does. */
  async *frames(id: number, preview: boolean, listening: Listening): AsyncGenerator<FrameView | MissedFrames> {
    for await (const { event, data } of this.#listen(
      `/streams/${id}/frames${preview ? "?preview=1" : ""}`,
      listening,
    )) {
      if (event === "end") return;
      if (event === "frame" || event === "missed") yield JSON.parse(data);
    }
  }

  /** The news of the gateway from now on, until the signal ends them. */
  async *events(listening: Listening): AsyncGenerator<GatewayEvent> {
    for await (const { data } of this.#listen("/events", listening)) yield JSON.parse(data);
  }

  async *#listen(path: string, { signal, onOpen }: Listening): AsyncGenerator<ServerSentEvent> {
    // The deadline is for the answer's head alone: what follows may be quiet for hours.
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), AnswerMs);
    const either = AbortSignal.any([signal, patience.signal]);
    const response = await this.#fetch(path, { signal: either, headers: { accept: "text/event-stream" } });
    clearTimeout(timer);
    onOpen();
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return;
        yield* parser.push(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      throw signal.aborted ? error : new AdminApiError(0, "the connection ended");
    } finally {
      await reader?.cancel().catch(() => undefined);
    }
  }

  #ask(path: string, signal: AbortSignal): Promise<Response> {
    return this.#fetch(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(AnswerMs)]) });
  }

  #send(method: string, path: string, timeoutMs: number): Promise<Response> {
    const headers = { "x-hawser-request": "1" };
    return this.#fetch(path, { method, headers, signal: AbortSignal.timeout(timeoutMs) });
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { authorization } = this.#session;
    const headers = new Headers(init.headers);
    if (authorization !== undefined) headers.set("authorization", authorization);
    // Without `omit` a browser would ask for the password of a 401 itself, and keep it.
    const options: RequestInit = { ...init, headers, credentials: "omit", cache: "no-store" };
    let response: Response;
    try {
      response = await fetch(path, options);
    } catch (error) {
      throw new AdminApiError(0, error instanceof DOMException ? "no answer in time" : "no connection");
    }
    if (response.ok) return response;
    const said = (await response.text().catch(() => "")).trim();
    if (response.status === 401) this.#session.refuse(authorization);
    throw new AdminApiError(response.status, messageOf(said) || `answered ${response.status}`);
  }
}

/** Errors are lines of text, or JSON with such a line in it. */
function messageOf(said: string): string {
  if (!said.startsWith("{")) return said;
  try {
    const { error, cure } = JSON.parse(said);
    return [error, cure].filter((part) => typeof part === "string").join(": ");
  } catch {
    return said;
  }
}
