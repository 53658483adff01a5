/** Takes a part of the content: a view of the chunk it came in. */
export type TakeContent = (part: Buffer) => void;

/** How far a body is: more to come, all read, or against the rules. */
export type BodyProgress = "more" | "whole" | "broken";

const MaxLineBytes = 1_024;
const MaxTrailerBytes = 16_384;
const SizeLine = /^([0-9A-Fa-f]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;
const LineFeed = 0x0a;

/**
 * Reads the chunked transfer coding however its bytes are cut (RFC 9112 §7.1). Extensions and trailers are read over. As
 * strict as the reader of the head: CRLF alone ends a line, and what counts towards the framing is hexadecimal digits only.
 */
export class ChunkedDecoder {
  #state: "size" | "content" | "content-end" | "trailer" = "size";
  #line = "";
  #contentLeft = 0;
  #trailerBytes = 0;

  /** Takes the next bytes. Not to be called after another result than `more`. */
  read(chunk: Buffer, take: TakeContent): BodyProgress {
    let start = 0;
    while (start < chunk.length) {
      if (this.#state === "content") {
        const end = Math.min(chunk.length, start + this.#contentLeft);
        take(chunk.subarray(start, end));
        this.#contentLeft -= end - start;
        if (this.#contentLeft === 0) this.#state = "content-end";
        start = end;
        continue;
      }
      const lineFeed = chunk.indexOf(LineFeed, start);
      const end = lineFeed < 0 ? chunk.length : lineFeed + 1;
      this.#line += chunk.toString("latin1", start, end);
      start = end;
      if (this.#line.length > MaxLineBytes) return "broken";
      if (lineFeed < 0) return "more";
      const progress = this.#takeLine(this.#line);
      if (progress !== "more") return progress;
      this.#line = "";
    }
    return "more";
  }

  #takeLine(line: string): BodyProgress {
    if (!line.endsWith("\r\n")) return "broken";
    if (this.#state === "trailer") {
      if (line === "\r\n") return "whole";
      this.#trailerBytes += line.length;
      return this.#trailerBytes > MaxTrailerBytes ? "broken" : "more";
    }
    if (this.#state === "content-end") {
      this.#state = "size";
      return line === "\r\n" ? "more" : "broken";
    }
    const [, size] = SizeLine.exec(line) ?? [];
    if (size === undefined) return "broken";
    this.#contentLeft = Number.parseInt(size, 16);
    this.#state = this.#contentLeft === 0 ? "trailer" : "content";
    return "more";
  }
}
