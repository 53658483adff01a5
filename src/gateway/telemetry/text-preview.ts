import type { TailConfig } from "../config/config.ts";
import { maskPattern } from "../config/mask-pattern.ts";

/** Bytes behind a preview in which a mask may find the end of what it matches. */
const BehindBytes = 4_096;
const MaxCharacterBytes = 4;

/** Shows the beginning of texts as a route allows it. */
export class TextPreview {
  /** How many bytes of a text it takes. */
  readonly textBytes: number;
  readonly #characters: number;
  readonly #masks: readonly RegExp[];

  constructor({ preview, mask }: TailConfig) {
    this.#characters = preview;
    this.#masks = mask.map(maskPattern);
    this.textBytes = preview * MaxCharacterBytes + BehindBytes;
  }

  /** The first characters of the text that begins with `beginning`: masks come first, so that none is cut in two. */
  of(beginning: Uint8Array): string {
    // A character that is cut at the end is left out; one that is none shows as U+FFFD.
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(beginning, { stream: true });
    const masked = this.#masks.reduce((left, mask) => left.replace(mask, "***"), text);
    return Array.from(masked).slice(0, this.#characters).join("");
  }
}
