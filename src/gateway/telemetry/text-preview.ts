import type { TailConfig } from "../config/config.ts";
import { maskPattern } from "../config/mask-pattern.ts";
import { BoundedMasks } from "./bounded-masks.ts";

/** Bytes behind a preview in which a mask may find the end of what it matches. */
const BehindBytes = 4_096;
const MaxCharacterBytes = 4;

/** Shows the beginning of texts as a route allows it. */
export class TextPreview {
  /** How many bytes of a text it takes. */
  readonly textBytes: number;
  readonly #characters: number;
  readonly #masks: BoundedMasks;

  constructor({ preview, mask }: TailConfig) {
    this.#characters = preview;
    this.#masks = new BoundedMasks(mask.map(maskPattern), () => performance.now());
    this.textBytes = preview * MaxCharacterBytes + BehindBytes;
  }

  /**
   * The first characters of the text that begins with `beginning`: masks come first, so that none is cut in two. `undefined`
   * where they take too long.
   */
  of(beginning: Uint8Array): string | undefined {
    // A character that is cut at the end is left out; one that is none shows as U+FFFD.
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(beginning, { stream: true });
    const masked = this.#masks.tryMask(text);
    return masked === undefined ? undefined : Array.from(masked).slice(0, this.#characters).join("");
  }
}
