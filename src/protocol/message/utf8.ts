import { WebSocketError } from "../errors.ts";

/**
 * Returns the text that `bytes` are, a byte order mark included.
 *
 * @throws WebSocketError `WS_TEXT_NOT_UTF8` (close code 1007, RFC 6455 §8.1).
 */
export function parseText(bytes: Uint8Array): string {
  return refusing(() => strictDecoder().decode(bytes));
}

/** Checks one text as it arrives and fails at the first byte that no valid text could have there (RFC 6455 §8.1). */
export class Utf8Validator {
  readonly #decoder = strictDecoder();

  /** @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007); the validator must not be used again. */
  push(bytes: Uint8Array): void {
    // The text itself is dropped: as pieces of a string, a text that arrives byte by byte would take 30 times its size.
    refusing(() => this.#decoder.decode(bytes, { stream: true }));
  }
}

function strictDecoder() {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

function refusing(decode: () => string): string {
  try {
    return decode();
  } catch (cause) {
    throw new WebSocketError("WS_TEXT_NOT_UTF8", "a text message is not UTF-8", { cause });
  }
}
