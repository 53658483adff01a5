import { WebSocketError } from "../protocol/errors.ts";
import type { WaitOptions } from "./handler.ts";
import { checkNumbers, Milliseconds } from "./number-rules.ts";

const WaitNumbers = { timeoutMs: { ...Milliseconds, from: 0, infinity: "ever" } } as const;

/** @throws the reason of a signal that has aborted; RangeError for a time that is none. */
export function checkWait(options: WaitOptions): void {
  options.signal?.throwIfAborted();
  checkNumbers(options, WaitNumbers);
}

/** A promise that somebody settles later, unless its signal or its time ends the wait before. */
export class Wait<Result> {
  readonly promise: Promise<Result>;
  readonly #resolve: (result: Result) => void;
  readonly #reject: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;

  /**
   * @param options - checked by `checkWait`.
   * @param onGivenUp - told where the wait ends by itself; nobody needs to settle it then.
   */
  constructor({ signal, timeoutMs }: WaitOptions, onGivenUp: () => void) {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    const giveUp = (reason: unknown): void => {
      this.reject(reason);
      onGivenUp();
    };
    if (timeoutMs !== undefined && timeoutMs !== Infinity) {
      const late = (): void =>
        giveUp(new WebSocketError("WS_WAIT_TIMEOUT", "nothing came in time", { origin: "caller" }));
      this.#timer = setTimeout(late, timeoutMs);
    }
    if (signal) {
      const onAbort = (): void => giveUp(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#stopListening = () => signal.removeEventListener("abort", onAbort);
    }
  }

  resolve(result: Result): void {
    this.#stop();
    this.#resolve(result);
  }

  reject(reason: unknown): void {
    this.#stop();
    this.#reject(reason);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#stopListening?.();
  }
}
