import type { ConnectionFacts } from "../../transport/opening.ts";
import { LiveSet } from "../../websocket/live-set.ts";

/** Why the gateway itself asks a stream to close. */
export type GatewayCloseCause =
  "drain" | "route-changed" | "route-removed" | "listener-removed" | "idle" | "max-age" | "operator";

/** What the gateway serves now, as a drain and a reload see it: a WebSocket, an opening not answered yet, a request. */
export interface LiveStream {
  /** Name of its route; empty if none took it. */
  readonly route: string;
  readonly connection: ConnectionFacts;
  /** Begins the closing handshake with `code`; an opening not answered yet is refused with 503, a request may finish. */
  close(code: number, cause: GatewayCloseCause): void;
  /** Ends it at once, without a Close. */
  abort(): void;
}

/** Every live stream of the gateway. Streams add and remove themselves; a drain waits until none is left. */
export class LiveStreams {
  readonly #live = new LiveSet<LiveStream>();
  /** Each with its number, in the order they came. */
  readonly #numbers = new Map<LiveStream, number>();
  #added = 0;

  get size(): number {
    return this.#live.items.size;
  }

  /** The number of the stream that came last; it grows with each. */
  get newest(): number {
    return this.#added;
  }

  add(stream: LiveStream): void {
    this.#live.add(stream);
    this.#numbers.set(stream, (this.#added += 1));
  }

  delete(stream: LiveStream): void {
    this.#numbers.delete(stream);
    this.#live.delete(stream);
  }

  /** Those that live now. */
  all(): LiveStream[] {
    return [...this.#live.items];
  }

  /** Those of {@link all} whose number is at most `newest`. */
  upTo(newest: number): LiveStream[] {
    return this.all().filter((stream) => (this.#numbers.get(stream) ?? Infinity) <= newest);
  }

  has(stream: LiveStream): boolean {
    return this.#live.items.has(stream);
  }

  /** Ends each stream that lives now. */
  abort(): void {
    for (const stream of this.all()) stream.abort();
  }

  /** Resolves when no stream is left, or with `signal`. */
  empty(signal: AbortSignal): Promise<void> {
    return this.#live.empty(signal);
  }
}
