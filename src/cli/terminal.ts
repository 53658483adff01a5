/** The part of a process's output the terminal needs. */
export interface Output {
  readonly isTTY?: boolean;
  /** Bytes written that nobody has read yet. */
  readonly writableLength?: number;
  write(text: string): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** How much may wait for a reader: a log that nobody reads must not fill the memory. */
const MaxUnreadBytes = 1_048_576;

const Colours = { bold: 1, dim: 2, red: 31, yellow: 33 } as const;

/** One of the two outputs of the command line: takes whole lines, knows whether they may have colours. */
export class Terminal {
  readonly #output: Output;
  /** Whether lines may carry ANSI colours: only on a terminal, and not with `NO_COLOR` (no-color.org). */
  readonly hasColours: boolean;
  #droppedLines = 0;

  constructor(output: Output, { NO_COLOR: noColour = "" }: { readonly NO_COLOR?: string | undefined }) {
    this.#output = output;
    this.hasColours = output.isTTY === true && noColour === "";
    // Whoever read the lines may leave (`hawser run FILE | head`): that is no reason to stop.
    output.on("error", () => undefined);
  }

  /** Writes one line. Where 1 MiB waits unread, lines are dropped; the next one that is not says how many. */
  line(text: string): void {
    if ((this.#output.writableLength ?? 0) > MaxUnreadBytes) {
      this.#droppedLines++;
      return;
    }
    if (this.#droppedLines > 0) this.#output.write(`(lines that nobody read in time: ${this.#droppedLines})\n`);
    this.#droppedLines = 0;
    this.#output.write(`${text}\n`);
  }

  /** `text` in `colour`, or as it is where there are no colours. */
  paint(colour: keyof typeof Colours, text: string): string {
    return this.hasColours ? `\u001b[${Colours[colour]}m${text}\u001b[0m` : text;
  }
}
