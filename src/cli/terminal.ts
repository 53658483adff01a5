import { BoundedOutput, type LineOutput } from "../gateway/telemetry/bounded-output.ts";

/** The part of a process's output the terminal needs. */
export interface Output extends LineOutput {
  readonly isTTY?: boolean;
}

const Colours = { bold: 1, dim: 2, inverse: 7, red: 31, yellow: 33 } as const;

/** One of the two outputs of the command line: takes whole lines, knows whether they may have colours. */
export class Terminal {
  readonly #lines: BoundedOutput;
  /** Whether lines may carry ANSI colours: only on a terminal, and not with `NO_COLOR` (no-color.org). */
  readonly hasColours: boolean;

  constructor(output: Output, { NO_COLOR: noColour = "" }: { readonly NO_COLOR?: string | undefined }) {
    this.#lines = new BoundedOutput(output, (count) => this.line(`(lines that nobody read in time: ${count})`));
    this.hasColours = output.isTTY === true && noColour === "";
  }

  /** Writes one line, or drops it where 1 MiB waits unread. */
  line(text: string): void {
    this.#lines.write(`${text}\n`);
  }

  /** `text` in `colour`, or as it is where there are no colours. */
  paint(colour: keyof typeof Colours, text: string): string {
    return this.hasColours ? `\u001b[${Colours[colour]}m${text}\u001b[0m` : text;
  }
}

/** Writes `text`; resolves when it has left the process, or never will. */
export function writeWhole(output: Output, text: string): Promise<void> {
  return new Promise((resolve) => void output.write(text, () => resolve()));
}
