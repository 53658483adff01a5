import { Buffer, isAscii, isUtf8 } from "node:buffer";
import { WebSocketError } from "../errors.ts";

// Whole texts only, so nothing of one stays in it for the next.
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Of more bytes TextDecoder takes up to twice as long as a check and a Buffer do, unless they are ASCII. */
const LongBytes = 1_024;

const Nothing = new Uint8Array(0);

/**
 * Returns the text that `bytes` are, a byte order mark included.
 *
 * @throws WebSocketError `WS_TEXT_NOT_UTF8` (close code 1007, RFC 6455 §8.1).
 */
export function parseText(bytes: Uint8Array): string {
  if (bytes.length > LongBytes) {
    if (isAscii(bytes)) return decoded(bytes, "latin1");
    if (!isUtf8(bytes)) throw notUtf8("peer");
    return decoded(bytes, "utf8");
  }
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw notUtf8("peer");
  }
}

/** Checks one text as it arrives and fails at the first byte that no valid text could have there (RFC 6455 §8.1). */
export class Utf8Validator {
  readonly #origin: WebSocketError["origin"];
  /** The bytes of a character that the last push left open; at most 3. */
  #open: Uint8Array = Nothing;
  #isAscii = true;

  /** @param origin - who wrote the text. */
  constructor(origin: WebSocketError["origin"] = "peer") {
    this.#origin = origin;
  }

  /** @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007); the validator must not be used again. */
  push(bytes: Uint8Array): void {
    const start = this.#open.length > 0 ? this.#goOn(bytes) : 0;
    if (start === bytes.length) return;
    const end = startOfOpenCharacter(bytes, start);
    const whole = bytes.subarray(start, end);
    this.#isAscii &&= isAscii(whole);
    if (!this.#isAscii && !isUtf8(whole)) throw notUtf8(this.#origin);
    if (end < bytes.length) this.#leaveOpen(new Uint8Array(bytes.subarray(end)));
  }

  /** @throws WebSocketError `WS_TEXT_NOT_UTF8` (1007) where the text ends within a character. */
  end(): void {
    if (this.#open.length > 0) throw notUtf8(this.#origin);
  }

  /** Returns the text that `bytes` are, all that was pushed up to the `end`; they are not looked at again. */
  textOf(bytes: Uint8Array): string {
    return decoded(bytes, this.#isAscii ? "latin1" : "utf8");
  }

  /** Takes what belongs to the open character from the start of `bytes`, and returns how much that is. */
  #goOn(bytes: Uint8Array): number {
    const wanted = characterLength(this.#open[0]!) - this.#open.length;
    const taken = Math.min(wanted, bytes.length);
    const character = new Uint8Array(this.#open.length + taken);
    character.set(this.#open);
    character.set(bytes.subarray(0, taken), this.#open.length);
    this.#open = Nothing;
    if (taken < wanted) this.#leaveOpen(character);
    else if (!isUtf8(character)) throw notUtf8(this.#origin);
    return taken;
  }

  #leaveOpen(begun: Uint8Array): void {
    if (!canBecomeCharacter(begun)) throw notUtf8(this.#origin);
    this.#isAscii = false;
    this.#open = begun;
  }
}

/** What is known to be ASCII is read as Latin-1, which is a copy and nothing else. */
function decoded(bytes: Uint8Array, coding: "latin1" | "utf8"): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(coding);
}

/** Where in `bytes` from `start` on a character begins that does not end in them; their length if none does. */
function startOfOpenCharacter(bytes: Uint8Array, start: number): number {
  const first = Math.max(start, bytes.length - 3);
  for (let index = bytes.length - 1; index >= first; index--) {
    const byte = bytes[index]!;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (!isContinuation) return index + characterLength(byte) > bytes.length ? index : bytes.length;
  }
  return bytes.length;
}

/** How many bytes a character has that begins with `byte`. */
function characterLength(byte: number): number {
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

/** Which second bytes may follow depends on the first: where not all may, the lowest or the highest may. */
function canBecomeCharacter(begun: Uint8Array): boolean {
  return [0x80, 0xbf].some((byte) => {
    const character = new Uint8Array(characterLength(begun[0]!)).fill(byte);
    character.set(begun);
    return isUtf8(character);
  });
}

function notUtf8(origin: WebSocketError["origin"]): WebSocketError {
  return new WebSocketError("WS_TEXT_NOT_UTF8", "a text message is not UTF-8", { origin });
}
