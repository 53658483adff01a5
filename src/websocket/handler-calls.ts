import type { Closing } from "../protocol/message/connection-machine.ts";
import type { HandledConnection, IncomingMessage, WebSocketHandler } from "./handler.ts";

/** The connection that {@link HandlerCalls} are of. */
export interface CallsOwner<Data> {
  readonly connection: HandledConnection<Data>;
  readonly handler: WebSocketHandler<Data>;
  /** A method threw, or what it returned rejected. */
  onFailure(failure: unknown): void;
  /** What was held up by a method may go on. */
  onFree(): void;
  /** Told what would go to `onError` where the handler has none. */
  readonly onUnhandledError: ((error: unknown) => void) | undefined;
}

/**
 * Calls the methods of a handler so that none can harm another, or the connection: what one throws is told to the owner, and
 * that is all. What holds up reading holds it up until its promise has settled.
 */
export class HandlerCalls<Data> {
  readonly #owner: CallsOwner<Data>;
  #isBusy = false;

  constructor(owner: CallsOwner<Data>) {
    this.#owner = owner;
  }

  /** Whether a method that holds up reading is still at work. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** In the next microtask. */
  open(): void {
    const { handler, connection } = this.#owner;
    if (handler.onOpen) queueMicrotask(() => this.#hold(() => handler.onOpen?.(connection)));
  }

  message(message: string | Uint8Array): void {
    const { handler, connection } = this.#owner;
    this.#hold(() => handler.onMessage?.(connection, message));
  }

  /** What is left unread when it is done is dropped. */
  messageStream(message: IncomingMessage): void {
    const { handler, connection } = this.#owner;
    this.#hold(
      () => handler.onMessageStream?.(connection, message),
      () => message.body.destroy(),
    );
  }

  ping(payload: Uint8Array): void {
    const { handler, connection } = this.#owner;
    if (handler.onPing) this.#call(() => handler.onPing?.(connection, payload));
  }

  pong(payload: Uint8Array): void {
    const { handler, connection } = this.#owner;
    if (handler.onPong) this.#call(() => handler.onPong?.(connection, payload));
  }

  drain(): void {
    const { handler, connection } = this.#owner;
    if (handler.onDrain) this.#call(() => handler.onDrain?.(connection));
  }

  /** What it throws is an error, and closes nothing any more. */
  close(closing: Closing): void {
    const { handler, connection } = this.#owner;
    if (!handler.onClose) return;
    tell(
      () => handler.onClose?.(connection, closing),
      (failure) => this.error(failure),
    );
  }

  /** What it throws is dropped. */
  error(error: unknown): void {
    const { handler, connection } = this.#owner;
    if (!handler.onError) this.#owner.onUnhandledError?.(error);
    else
      tell(
        () => handler.onError?.(connection, error),
        () => {},
      );
  }

  #call(method: () => unknown): void {
    void isolated(method, (failure) => this.#owner.onFailure(failure));
  }

  #hold(method: () => unknown, whenDone?: () => void): void {
    this.#isBusy = true;
    const work = isolated(method, (failure) => this.#owner.onFailure(failure));
    if (work) void this.#waitFor(work, whenDone);
    else this.#free(whenDone);
  }

  async #waitFor(work: Promise<void>, whenDone: (() => void) | undefined): Promise<void> {
    await work;
    this.#free(whenDone);
    this.#owner.onFree();
  }

  #free(whenDone: (() => void) | undefined): void {
    this.#isBusy = false;
    whenDone?.();
  }
}

/** In a microtask, so that nothing is told from within a call of the handler's own. */
function tell(method: () => unknown, onFailure: (failure: unknown) => void): void {
  queueMicrotask(() => void isolated(method, onFailure));
}

/** Runs `method`; what it throws, now or later, goes to `onFailure`. Returns a promise, never rejected, if `method` did. */
function isolated(method: () => unknown, onFailure: (failure: unknown) => void): Promise<void> | undefined {
  try {
    const result = method();
    return isThenable(result) ? settled(result, onFailure) : undefined;
  } catch (failure) {
    onFailure(failure);
    return undefined;
  }
}

async function settled(work: PromiseLike<unknown>, onFailure: (failure: unknown) => void): Promise<void> {
  try {
    await work;
  } catch (failure) {
    onFailure(failure);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
