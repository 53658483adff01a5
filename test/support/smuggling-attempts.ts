import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";

/** A request on HTTP/2: its field lines, and the content behind them if there is any. */
export interface H2Attempt {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly data?: string;
  readonly trailers?: readonly (readonly [name: string, value: string])[];
}

/** `reset`: RST_STREAM with PROTOCOL_ERROR. `connection`: the connection ends, with GOAWAY. */
export type H2Answer = number | "reset" | "connection";

/** What `engine` does about a case. */
export function answerOf({ h2Answer, hawserAnswer }: SmugglingCase, engine: H2EngineName): H2Answer | undefined {
  return engine === "hawser" ? (hawserAnswer ?? h2Answer) : h2Answer;
}

/**
 * What a client sends that two recipients could read in two ways, and what must become of it on each HTTP version. On
 * HTTP/1.1 `GET /next` follows on the same connection, on HTTP/2 on the next stream.
 */
export interface SmugglingCase {
  readonly name: string;
  /** Bytes as they are sent; not tried where HTTP/1.1 has no such thing. */
  readonly h1?: string;
  /** The statuses of all answers on the connection; `[400]` alone means that it closed behind that one. */
  readonly h1Answers?: readonly number[];
  readonly h2?: H2Attempt;
  readonly h2Answer?: H2Answer;
  /** What the engine hawser does, where that is something else than node:http2. */
  readonly hawserAnswer?: H2Answer;
  /** The requests that were seen whole on each version, but for `/next`: method, target as it is passed on, content. */
  readonly seen?: string;
}

/** A request that would be seen if something that follows were taken for one. */
export const Smuggled = "GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n";

/** An HTTP/1.1 request with `lines` behind its Host, and `content`. */
export function h1Request(requestLine: string, lines: readonly string[] = [], content = ""): string {
  return [`${requestLine} HTTP/1.1`, "Host: example.com", ...lines, "", content].join("\r\n");
}

export const post = (lines: readonly string[], content = "") => h1Request("POST /", lines, content);
export const get = (lines: readonly string[]) => h1Request("GET /", lines);
export const chunked = (content: string, lines: readonly string[] = []) =>
  post(["Transfer-Encoding: chunked", ...lines], content);

/** The same on HTTP/2; a pseudo-field in `more` takes the place of the usual one, an empty one leaves it out. */
export function h2Request(
  method: string,
  more: readonly (readonly [string, string])[] = [],
  rest: Omit<H2Attempt, "fields"> = {},
): H2Attempt {
  const usual = [
    [":method", method],
    [":scheme", "http"],
    [":authority", "example.com"],
    [":path", "/"],
  ] as const;
  const replaced = new Map(more.filter(([name]) => name.startsWith(":")));
  const pseudo = usual
    .map(([name, value]) => [name, replaced.get(name) ?? value] as const)
    .filter(([name]) => replaced.get(name) !== "");
  return { fields: [...pseudo, ...more.filter(([name]) => !name.startsWith(":"))], ...rest };
}
