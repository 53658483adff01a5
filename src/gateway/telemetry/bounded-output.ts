/** The part of a process's output that lines are written to. */
export interface LineOutput {
  /** Bytes written that nobody has read yet. */
  readonly writableLength?: number;
  /** `done` is called when the text has left the process, or never will. */
  write(text: string, done?: () => void): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** How much may wait for a reader: a log that nobody reads must not fill the memory. */
const MaxUnreadBytes = 1_048_576;

/** How long {@link BoundedOutput.flush} waits for a reader. */
const FlushMs = 1_000;

/**
 * Writes whole lines and never waits for their reader: where 1 MiB waits unread, lines are dropped; the next one that is not
 * says how many.
 */
export class BoundedOutput {
  readonly #output: LineOutput;
  readonly #tellDropped: (lines: number) => void;
  #dropped = 0;
  #untold = 0;

  /** @param tellDropped - writes a line that tells how many are missing in its place. */
  constructor(output: LineOutput, tellDropped: (lines: number) => void) {
    this.#output = output;
    this.#tellDropped = tellDropped;
    // Whoever read the lines may leave (`hawser run FILE | head`): that is no reason to stop.
    output.on("error", () => undefined);
  }

  /** Lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes `lines`, one or several, each with its end. */
  write(lines: string): void {
    if ((this.#output.writableLength ?? 0) > MaxUnreadBytes) {
      const count = lines.split("\n").length - 1;
      this.#dropped += count;
      this.#untold += count;
      return;
    }
    const untold = this.#untold;
    this.#untold = 0;
    if (untold > 0) this.#tellDropped(untold);
    this.#output.write(lines);
  }

  /** Resolves when everything written has left the process, or nobody took it within a second. */
  async flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(resolve, FlushMs);
    this.#output.write("", resolve);
    await promise;
    clearTimeout(deadline);
  }
}
