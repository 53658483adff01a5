import type { CloseCode } from "../../protocol/close-code.ts";

/** A WebSocket the gateway serves, or one whose opening it has not answered yet, as the drain sees it. */
export interface LiveStream {
  /** Begins the closing handshake with `code`; an opening not answered yet is refused with 503. */
  close(code: CloseCode): void;
  /** Ends it at once, without a Close. */
  abort(): void;
}

/** Every live stream of the gateway. Streams add and remove themselves; a drain waits until none is left. */
export class LiveStreams {
  readonly #streams = new Set<LiveStream>();
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#streams.size;
  }

  add(stream: LiveStream): void {
    this.#streams.add(stream);
  }

  delete(stream: LiveStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Asks each stream that lives now to close. */
  close(code: CloseCode): void {
    for (const stream of [...this.#streams]) stream.close(code);
  }

  /** Ends each stream that lives now. */
  abort(): void {
    for (const stream of [...this.#streams]) stream.abort();
  }

  /** Resolves when no stream is left, or with `signal`. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.#streams.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
