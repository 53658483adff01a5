import { withoutHopByHop, withoutNames, tryFieldLines } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { ResponseBody } from "./opening.ts";

/** Fields that would mean something to who takes a trailer for a head (RFC 9110 §6.5.1). */
const NotInTrailers: ReadonlySet<string> = new Set(["content-length", "host", "content-encoding", "content-type"]);

/** Where the parts of an {@link AnswerContent} go. */
export interface AnswerParts {
  /** Takes `part` over and calls `onTaken` when it has left; returns whether to go on, or wait for `drained`. */
  write(part: Uint8Array, onTaken: () => void): boolean;
  /** The content is complete. `last`, if any, is the last part. */
  end(last: Uint8Array | undefined, trailers: FieldLines): void;
  abort(): void;
  /** Told whenever parts wait to leave, or wait no more. */
  waiting(isWaiting: boolean): void;
}

/** The content of an answer that has begun: holds it to the length it promised, on either HTTP version. */
export class AnswerContent implements ResponseBody {
  onDrain: (() => void) | undefined;
  readonly #parts: AnswerParts;
  readonly #isEmpty: boolean;
  #promisedBytes: number | undefined;
  #waiting = 0;
  #state: "open" | "ended" | "cut" = "open";

  /**
   * @param isEmpty - the answer has no content whatever is written (RFC 9110 §6.4.1).
   * @param promisedBytes - the `content-length` that was sent.
   */
  constructor(parts: AnswerParts, isEmpty: boolean, promisedBytes: number | undefined) {
    this.#parts = parts;
    this.#isEmpty = isEmpty;
    this.#promisedBytes = promisedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open" || this.#isEmpty || bytes.length === 0) return true;
    if (!this.#keepsPromise(bytes.length)) {
      this.abort();
      return true;
    }
    if (this.#waiting++ === 0) this.#parts.waiting(true);
    return this.#parts.write(bytes, this.#onTaken);
  }

  end(trailers: FieldLines = []): void {
    this.endWith(undefined, trailers);
  }

  /** `write(last)` and `end` in one. */
  endWith(last: Uint8Array | undefined, trailers: FieldLines = []): void {
    if (this.#state !== "open") return;
    const part = this.#isEmpty || last?.length === 0 ? undefined : last;
    if (!this.#isEmpty && (!this.#keepsPromise(part?.length ?? 0) || (this.#promisedBytes ?? 0) > 0)) {
      return this.abort();
    }
    this.#state = "ended";
    this.#parts.waiting(true);
    this.#parts.end(part, this.#isEmpty ? [] : sendableTrailers(trailers));
  }

  abort(): void {
    if (this.#state !== "open") return;
    this.#state = "cut";
    this.#parts.abort();
  }

  /** The client is gone, or will be: nothing counts any more. */
  cut(): void {
    this.#state = "cut";
  }

  drained(): void {
    if (this.#state === "open") this.onDrain?.();
  }

  readonly #onTaken = (): void => {
    this.#waiting--;
    if (this.#state !== "cut") this.#parts.waiting(this.#waiting > 0 || this.#state === "ended");
  };

  /** More or less than was promised would make what follows on the connection part of this answer, or this of that. */
  #keepsPromise(bytes: number): boolean {
    if (this.#promisedBytes === undefined) return true;
    this.#promisedBytes -= bytes;
    return this.#promisedBytes >= 0;
  }
}

/** Takes an answer that nobody waits for. */
export const Nowhere: AnswerParts = { write: () => true, end() {}, abort() {}, waiting() {} };

/** `trailers` without what may not be one; empty if a line is invalid, as by then no answer can tell. */
function sendableTrailers(trailers: FieldLines): FieldLines {
  const lines = tryFieldLines(trailers) ?? [];
  return withoutNames(withoutHopByHop(lines), (name) => NotInTrailers.has(name));
}
