import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { Deadline } from "../../transport/deadline.ts";
import type { ResponseBody } from "../../transport/opening.ts";

/** Where content comes from. */
export interface ContentSource {
  pause(): unknown;
  resume(): unknown;
}

/** The content of one response on its way to the client, no faster than the client takes it. */
export class ResponseRelay {
  readonly #body: ResponseBody;
  readonly #source: ContentSource;
  /** Runs while the client waits for the source; `undefined` where that may be for ever. */
  readonly #idle: Deadline | undefined;
  #isPaused = false;

  constructor(body: ResponseBody, source: ContentSource, idle: Deadline | undefined) {
    this.#body = body;
    this.#source = source;
    this.#idle = idle;
    idle?.start();
  }

  /** Takes `bytes` over. */
  write(bytes: Uint8Array): void {
    if (this.#body.write(bytes)) return this.#idle?.start();
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#idle?.clear();
    this.#source.pause();
    this.#body.onDrain ??= () => this.#onDrain();
  }

  /** The source is at work, although it gives nothing yet. */
  stir(): void {
    if (!this.#isPaused) this.#idle?.start();
  }

  end(trailers?: FieldLines): void {
    this.#body.end(trailers);
  }

  /** Cuts it off so that the client can tell. */
  cut(): void {
    this.#body.abort();
  }

  #onDrain(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#idle?.start();
    this.#source.resume();
  }
}
