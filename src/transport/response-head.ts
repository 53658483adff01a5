import { isFieldName, isFieldValue, trimWhitespace } from "../protocol/handshake/field-values.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";

/** The head of an HTTP/1.x response. */
export interface ResponseHead {
  /** As in the status line: `"1.1"`. */
  readonly httpVersion: string;
  /** 101, or 200–599. */
  readonly status: number;
  readonly fields: FieldLines;
}

/** What is known of a response head after some of its bytes. */
export type HeadProgress =
  | { readonly type: "incomplete" }
  /** `end` is the offset of the first byte behind the head in the chunk given last. */
  | { readonly type: "head"; readonly head: ResponseHead; readonly end: number }
  /** The rule that is broken, in a few words for the log; nothing of what the peer sent is in them. */
  | { readonly type: "broken"; readonly detail: string };

/** How large the head of an answer may be, interim responses included, over either HTTP version. */
export const MaxResponseHeadBytes = 16_384;
export const MaxResponseFields = 100;
const VersionPrefix = "HTTP/1.";
const StatusLine = /^HTTP\/(1\.\d) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Reads the head of one HTTP/1.x response, however its bytes are cut (RFC 9112 §2–5). Interim responses are skipped; they
 * count towards the 16 KiB and 100 fields that are read at most, and so are bounded too.
 *
 * Refused is whatever two readers could take for two things: a line that ends in LF alone, a CR or NUL within one, a line
 * that goes on in the next (obs-fold), whitespace before the colon, an empty or invalid name, a control character in a
 * value, and a status that is not three digits from 100 to 599. What does not begin with `HTTP/1.` is refused at once.
 */
export class ResponseHeadReader {
  #line = "";
  #bytes = 0;
  #fieldCount = 0;
  #status: { readonly httpVersion: string; readonly status: number } | undefined;
  #fields: string[] = [];

  /** Takes the next bytes, of which those behind the head are left alone. Not to be called after another result. */
  read(chunk: Buffer): HeadProgress {
    // All lines by one call of the system; what lies behind the longest head is none of it.
    const text = chunk.toString("latin1", 0, MaxResponseHeadBytes + 1 - this.#bytes);
    let start = 0;
    while (start < text.length) {
      const lineFeed = text.indexOf("\n", start);
      const end = lineFeed < 0 ? text.length : lineFeed + 1;
      this.#line += text.slice(start, end);
      this.#bytes += end - start;
      // First what one byte shows and then what takes them all: so the result is the same for any cut.
      if (this.#status === undefined && !isBegun(this.#line)) return broken("not HTTP/1.x");
      if (this.#bytes > MaxResponseHeadBytes) return broken("head above 16 KiB");
      if (lineFeed < 0) return { type: "incomplete" };
      const progress = this.#takeLine(end);
      if (progress.type !== "incomplete") return progress;
      start = end;
    }
    return { type: "incomplete" };
  }

  #takeLine(end: number): HeadProgress {
    if (!this.#line.endsWith("\r\n")) return broken("line feed alone");
    const line = this.#line.slice(0, -2);
    this.#line = "";
    if (this.#status === undefined) return this.#takeStatusLine(line);
    if (line !== "") return this.#takeFieldLine(line);
    const head = { ...this.#status, fields: this.#fields };
    if (head.status >= 200 || head.status === 101) return { type: "head", head, end };
    this.#status = undefined;
    this.#fields = [];
    return { type: "incomplete" };
  }

  #takeStatusLine(line: string): HeadProgress {
    const [, httpVersion, status] = StatusLine.exec(line) ?? [];
    if (httpVersion === undefined) return broken("invalid status line");
    this.#status = { httpVersion, status: Number(status) };
    return { type: "incomplete" };
  }

  #takeFieldLine(line: string): HeadProgress {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = trimWhitespace(line.slice(colon + 1));
    if (!isFieldName(name) || !isFieldValue(value)) return broken("invalid field line");
    if (++this.#fieldCount > MaxResponseFields) return broken("more than 100 fields");
    this.#fields.push(name.toLowerCase(), value);
    return { type: "incomplete" };
  }
}

/** Says whether `line` is a beginning of the status line, or goes on where `HTTP/1.` ends. */
function isBegun(line: string): boolean {
  return line.startsWith(VersionPrefix) || VersionPrefix.startsWith(line);
}

function broken(detail: string): HeadProgress {
  return { type: "broken", detail };
}
