import type { ServerResponse } from "node:http";

/** Field names in lower case, and their values. */
export type Fields = Readonly<Record<string, string>>;

/** An answer that is there as a whole. */
export interface WholeAnswer {
  readonly kind: "whole";
  readonly status: number;
  /** `Content-Type`. */
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Beside `Content-Type`, `Content-Length` and `Cache-Control: no-store`, which it may replace. */
  readonly fields: Fields;
}

/** An answer that is written bit by bit. */
export interface StreamedAnswer {
  readonly kind: "streamed";
  readonly type: string;
  /** Asked right before it begins: what is answered in its place, where there is no room for it. */
  tryRefusal?(): WholeAnswer | undefined;
  /** Writes and ends the content; not called for HEAD. Where it rejects, the answer breaks off. */
  write(response: ServerResponse): Promise<void> | void;
}

/** What a request on the admin port gets. */
export type AdminAnswer = WholeAnswer | StreamedAnswer;

/** One line of text, or several. */
export function plain(status: number, line: string, fields: Fields = {}): WholeAnswer {
  return { kind: "whole", status, type: "text/plain; charset=utf-8", body: `${line}\n`, fields };
}

/** `value` as JSON. */
export function json(value: unknown): WholeAnswer {
  return { kind: "whole", status: 200, type: "application/json", body: `${JSON.stringify(value)}\n`, fields: {} };
}
