/** What became of a reload. */
export type ReloadResult =
  | {
      readonly type: "applied";
      /** What has changed, on one line. */
      readonly diff: string;
      /** A line about each worker there is. */
      readonly workers?: readonly string[];
      readonly pending?: string;
    }
  /** `pending`: what has changed and needs a new start. */
  | { readonly type: "unchanged"; readonly pending?: string }
  /** Everything is as it was before. */
  | { readonly type: "refused"; readonly reason: string };

/**
 * One reload after the other. Who asks while one is under way gets the next one, which begins behind it: it reads what was
 * written when they asked. All who ask meanwhile share that one.
 */
export class Reloader {
  readonly #reload: () => Promise<ReloadResult>;
  #current: Promise<ReloadResult> | undefined;
  #next: Promise<ReloadResult> | undefined;

  /** @param reload - never rejects. */
  constructor(reload: () => Promise<ReloadResult>) {
    this.#reload = reload;
  }

  /** Reloads; resolves with what became of a reload that began after the call. */
  request(): Promise<ReloadResult> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#begin();
    return (this.#next = this.#current.then(() => {
      this.#next = undefined;
      return this.#begin();
    }));
  }

  /** Resolves when none is under way any more. */
  async settled(): Promise<void> {
    await (this.#next ?? this.#current);
  }

  #begin(): Promise<ReloadResult> {
    const current = this.#reload().finally(() => {
      if (this.#current === current) this.#current = undefined;
    });
    this.#current = current;
    return current;
  }
}
