import { keysOf, type Key } from "./keyboard.ts";
import type { Output, Terminal } from "./terminal.ts";
import type { ScreenSize, ShownLine } from "./top-view.ts";

/** Where keys come from: standard input. */
export interface KeyboardInput {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  setEncoding(encoding: "utf8"): unknown;
  on(event: "data", listener: (text: string) => void): unknown;
  on(event: "end" | "error", listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** A terminal that can be drawn on: standard output. */
export interface ScreenOutput extends Output {
  readonly columns?: number;
  readonly rows?: number;
  on(event: "error" | "resize", listener: () => void): unknown;
}

/** What a {@link Screen} tells of. */
export interface ScreenEvents {
  key(key: Key): void;
  resized(): void;
  /** There is no keyboard any more. */
  gone(): void;
}

// The alternate screen, so that what stood there comes back (xterm), without wrapping and without the cursor.
const Enter = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const Leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const Home = "\u001b[H";
const ClearLine = "\u001b[K";
const ClearBelow = "\u001b[J";

const StandardSize: ScreenSize = { columns: 80, rows: 24 };

/** The whole of a terminal, from `open` to `close`. */
export class Screen {
  readonly #input: KeyboardInput;
  readonly #output: ScreenOutput;
  readonly #colours: Terminal;
  #isOpen = false;

  /** @param colours - says how lines on `output` may look. */
  constructor(input: KeyboardInput, output: ScreenOutput, colours: Terminal) {
    this.#input = input;
    this.#output = output;
    this.#colours = colours;
  }

  /** How large it is now. */
  get size(): ScreenSize {
    const { columns = 0, rows = 0 } = this.#output;
    return columns > 0 && rows > 0 ? { columns, rows } : StandardSize;
  }

  /** Takes the terminal over; keys come one by one from now on. */
  open(events: ScreenEvents): void {
    this.#isOpen = true;
    this.#output.on("resize", () => this.#isOpen && events.resized());
    // A terminal that is closed gives EIO to who writes, and an end or EIO to who reads.
    this.#output.on("error", () => events.gone());
    this.#input.on("error", () => events.gone());
    this.#input.on("end", () => events.gone());
    this.#input.setEncoding("utf8");
    this.#input.on("data", (text) => {
      for (const key of keysOf(text)) if (this.#isOpen) events.key(key);
    });
    this.#input.setRawMode?.(true);
    this.#input.resume();
    this.#output.write(Enter);
  }

  /** Shows `lines` in place of what was there; nothing where the terminal has not yet taken what was shown before. */
  draw(lines: readonly ShownLine[]): void {
    if (!this.#isOpen || (this.#output.writableLength ?? 0) > 0) return;
    const text = lines.map((line) => `${this.#painted(line)}${ClearLine}`).join("\r\n");
    this.#output.write(`${Home}${text}${ClearBelow}`);
  }

  /** Gives the terminal back as it was. A second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(Leave);
  }

  #painted({ text, look }: ShownLine): string {
    return look === "plain" ? text : this.#colours.paint(look, text);
  }
}
