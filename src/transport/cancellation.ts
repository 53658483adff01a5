/**
 * Whether something that was asked for is still wanted: what an `AbortSignal` says, to one listener and without its price for
 * each opening.
 */
export class Cancellation {
  /** Told within `cancel`, once. Set by whoever works on it at the moment; must not throw. */
  onCancel: (() => void) | undefined;
  #isCancelled = false;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Nobody wants it any more. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.onCancel?.();
  }
}
