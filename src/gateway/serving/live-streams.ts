import type { CloseCode } from "../../protocol/close-code.ts";
import type { ConnectionFacts } from "../../transport/opening.ts";

/** Why the gateway itself asks a stream to close. */
export type GatewayCloseCause = "drain" | "route-changed" | "route-removed" | "listener-removed" | "idle" | "max-age";

/** What the gateway serves now, as a drain and a reload see it: a WebSocket, an opening not answered yet, a request. */
export interface LiveStream {
  /** Name of its route; empty if none took it. */
  readonly route: string;
  readonly connection: ConnectionFacts;
  /** Begins the closing handshake with `code`; an opening not answered yet is refused with 503, a request may finish. */
  close(code: CloseCode, cause: GatewayCloseCause): void;
  /** Ends it at once, without a Close. */
  abort(): void;
}

/** Every live stream of the gateway. Streams add and remove themselves; a drain waits until none is left. */
export class LiveStreams {
  /** Each with its number, in the order they came. */
  readonly #streams = new Map<LiveStream, number>();
  #added = 0;
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#streams.size;
  }

  /** The number of the stream that came last; it grows with each. */
  get newest(): number {
    return this.#added;
  }

  add(stream: LiveStream): void {
    this.#streams.set(stream, (this.#added += 1));
  }

  delete(stream: LiveStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Those that live now. */
  all(): LiveStream[] {
    return [...this.#streams.keys()];
  }

  /** Those of {@link all} whose number is at most `newest`. */
  upTo(newest: number): LiveStream[] {
    return this.all().filter((stream) => (this.#streams.get(stream) ?? Infinity) <= newest);
  }

  has(stream: LiveStream): boolean {
    return this.#streams.has(stream);
  }

  /** Ends each stream that lives now. */
  abort(): void {
    for (const stream of this.all()) stream.abort();
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
