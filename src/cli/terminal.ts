/** The part of a process's output the terminal needs. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  on(event: "error", listener: () => void): unknown;
}

const Colours = { bold: 1, dim: 2, red: 31, yellow: 33 } as const;

/** One of the two outputs of the command line: takes whole lines, knows whether they may have colours. */
export class Terminal {
  readonly #output: Output;
  /** Whether lines may carry ANSI colours: only on a terminal, and not with `NO_COLOR` (no-color.org). */
  readonly hasColours: boolean;

  constructor(output: Output, { NO_COLOR: noColour = "" }: { readonly NO_COLOR?: string | undefined }) {
    this.#output = output;
    this.hasColours = output.isTTY === true && noColour === "";
    // Whoever read the lines may leave (`hawser run FILE | head`): that is no reason to stop.
    output.on("error", () => undefined);
  }

  line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** `text` in `colour`, or as it is where there are no colours. */
  paint(colour: keyof typeof Colours, text: string): string {
    return this.hasColours ? `\u001b[${Colours[colour]}m${text}\u001b[0m` : text;
  }
}
