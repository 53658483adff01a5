import { EventEmitter } from "node:events";
import type { KeyboardInput, ScreenOutput } from "../../src/cli/screen.ts";

/** A keyboard on which the test presses keys. */
export class TestKeyboard extends EventEmitter implements KeyboardInput {
  readonly isTTY: boolean;
  isRaw = false;
  isReading = false;

  constructor({ isTTY = false }: { readonly isTTY?: boolean } = {}) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  setEncoding(): void {}

  resume(): void {
    this.isReading = true;
  }

  pause(): void {
    this.isReading = false;
  }

  /** What a terminal sends for these keys. */
  press(text: string): void {
    this.emit("data", text);
  }
}

/** A terminal that keeps everything that was drawn. */
export class TestScreen extends EventEmitter implements ScreenOutput {
  readonly isTTY = true;
  columns: number;
  rows: number;
  text = "";

  constructor({ columns, rows }: { readonly columns: number; readonly rows: number }) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string, done?: () => void): void {
    this.text += text;
    this.emit("drawn");
    done?.();
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit("resize");
  }

  /** The lines of what was drawn last, without what makes them look like anything. */
  get lines(): string[] {
    const last = this.text.split("\u001b[H").at(-1) ?? "";
    return last.replaceAll(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, "").split("\r\n");
  }

  /** Resolves with the lines as soon as `isShown` holds for them. */
  async shows(isShown: (lines: readonly string[]) => boolean): Promise<string[]> {
    const deadline = AbortSignal.timeout(8_000);
    while (!isShown(this.lines)) {
      // oxlint-disable-next-line no-await-in-loop -- one drawing behind the other
      await new Promise<void>((resolve, reject) => {
        this.once("drawn", resolve);
        deadline.addEventListener("abort", () => reject(new Error(`never shown:\n${this.lines.join("\n")}`)));
      });
    }
    return this.lines;
  }
}
