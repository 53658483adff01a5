import { createContext, Script, type Context } from "node:vm";

/** How long all masks together may look at one text. */
const LookMs = 100;
/** Which part of the time goes into looking at the texts of one stream at most, and how much at once. */
const [Share, BurstMs] = [0.2, 100];
/** What a look counts that came to no end: ten seconds of rest. */
const EndlessMs = 2_000;

// Only a script in a context can be stopped while it matches.
const Masking = new Script("masks.reduce((left, mask) => left.replace(mask, '***'), text)");

/**
 * Masks what clients have sent. They choose the texts, and there are regular expressions that take for ever with some: who
 * looks on must not hold up all others for it.
 */
export class BoundedMasks {
  readonly #masks: readonly RegExp[];
  readonly #nowMs: () => number;
  #context: Context | undefined;
  /** What was spent on looking, less what has been free since then. */
  #debtMs = 0;
  #countedAtMs: number;

  /** @param nowMs - by a clock that never goes back. */
  constructor(masks: readonly RegExp[], nowMs: () => number) {
    this.#masks = masks;
    this.#nowMs = nowMs;
    this.#countedAtMs = nowMs();
  }

  /** `text` with `***` for what the masks match; `undefined` where that would take too long: then nothing of it may be shown. */
  tryMask(text: string): string | undefined {
    if (this.#masks.length === 0) return text;
    const startedAtMs = this.#nowMs();
    this.#debtMs = Math.max(0, this.#debtMs - (startedAtMs - this.#countedAtMs) * Share);
    this.#countedAtMs = startedAtMs;
    if (this.#debtMs > BurstMs) return undefined;
    const masked = this.#tryRun(text);
    this.#debtMs += masked === undefined ? EndlessMs : this.#nowMs() - startedAtMs;
    return masked;
  }

  #tryRun(text: string): string | undefined {
    this.#context ??= createContext({ masks: this.#masks, text });
    this.#context["text"] = text;
    try {
      return String(Masking.runInContext(this.#context, { timeout: LookMs }));
    } catch {
      return undefined;
    }
  }
}
