import type { Closing } from "../protocol/message/connection-machine.ts";
import { type ConnectionEnding, type ConnectionLimit, limitOfCause } from "./connection-ending.ts";
import type { WebSocketConnectionOptions } from "./connection-options.ts";

/** How one connection ends: what began it, what its application is told, and whoever runs it. */
export class Ending {
  readonly #peer: ConnectionEnding["initiator"];
  readonly #onLimit: WebSocketConnectionOptions["onLimit"];
  readonly #onEnded: WebSocketConnectionOptions["onEnded"];
  #begun: ConnectionEnding | undefined;
  #closing: Closing | undefined;
  #closed: PromiseWithResolvers<Closing> | undefined;

  constructor({ role, onLimit, onEnded }: Pick<WebSocketConnectionOptions, "role" | "onLimit" | "onEnded">) {
    this.#peer = role === "server" ? "client" : "upstream";
    this.#onLimit = onLimit;
    this.#onEnded = onEnded;
  }

  /** How it ended, once no message can come or go any more. */
  get closed(): Promise<Closing> {
    if (this.#closing) return Promise.resolve(this.#closing);
    this.#closed ??= Promise.withResolvers();
    return this.#closed.promise;
  }

  /** It ends for this; the first event counts. */
  begin(by: "local" | "peer", code: number, cause: ConnectionEnding["cause"]): void {
    if (this.#begun) return;
    this.#begun = { initiator: by === "local" ? "gateway" : this.#peer, code, cause };
    this.limit(limitOfCause(cause));
  }

  /** The Close of our `close()` that began it could not even leave in time. */
  missDeadline(): void {
    if (this.#begun?.cause === "close-frame") this.#begun = { ...this.#begun, cause: "close-deadline" };
  }

  /** A limit is hit, if it is one. */
  limit(limit: ConnectionLimit | undefined): void {
    if (limit !== undefined) this.#onLimit?.(limit);
  }

  /** No message can come or go any more. */
  close(closing: Closing): void {
    this.#closing = closing;
    this.#closed?.resolve(closing);
  }

  /** Nothing is left of it. */
  end(): void {
    if (this.#begun) this.#onEnded?.(this.#begun);
  }
}
