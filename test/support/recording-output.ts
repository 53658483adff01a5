import type { Output } from "../../src/cli/terminal.ts";

/** An output that keeps what is written to it. */
export class RecordingOutput implements Output {
  readonly isTTY: boolean;
  text = "";

  constructor({ isTTY = false }: { readonly isTTY?: boolean } = {}) {
    this.isTTY = isTTY;
  }

  write(text: string, done?: () => void): void {
    this.text += text;
    done?.();
  }

  on(): void {}
}
