import type { LineOutput } from "./bounded-output.ts";

/** How long lines wait for others to leave with, and how many characters of them at most. */
const WaitMs = 10;
const MostWaiting = 65_536;

/**
 * Gathers what is written and passes it on a hundred times a second at most: where another process reads it, each write
 * would wake that one.
 */
export class BatchedOutput implements LineOutput {
  readonly #output: LineOutput;
  #waiting = "";
  #onLeft: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(output: LineOutput) {
    this.#output = output;
  }

  get writableLength(): number {
    return (this.#output.writableLength ?? 0) + this.#waiting.length;
  }

  write(text: string, done?: () => void): void {
    this.#waiting += text;
    if (done !== undefined) this.#onLeft.push(done);
    if (this.#waiting.length >= MostWaiting) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WaitMs);
  }

  /** Passes on what waits now: for the end of a process. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [text, onLeft] = [this.#waiting, this.#onLeft];
    this.#waiting = "";
    this.#onLeft = [];
    this.#output.write(text, () => {
      for (const done of onLeft) done();
    });
  }

  on(event: "error", listener: () => void): unknown {
    return this.#output.on(event, listener);
  }
}
