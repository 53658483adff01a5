import type { BlockList } from "node:net";
import type { Dispatcher } from "undici";
import { fieldValues, withoutHopByHop, withoutLength } from "../../protocol/handshake/field-values.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { HttpExchange } from "../../transport/opening.ts";
import { upstreamFields } from "../routing/forwarded-fields.ts";

/** Field lines as undici tells them: names in lower case, values with a character per byte. */
export type ReceivedFields = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/**
 * The client gets its 100 from us, and the length is written here. Programs behind CGI find `Proxy` in their environment as
 * `HTTP_PROXY`, and believe it to be whom to send their own requests through.
 */
const NotPassedOn: ReadonlySet<string> = new Set(["content-length", "expect", "proxy"]);

const Length = /^\d{1,15}$/;

/**
 * The field lines of `exchange` for an upstream, the value of `host`, still empty, at index 1. The framing is the connection's:
 * of the client's there is only the length, where it gave one. `undefined` if that is not one number.
 */
export function tryRequestFields(exchange: HttpExchange, trustedProxies: BlockList | undefined): string[] | undefined {
  const { authority, connection, streamId, body } = exchange;
  const scheme = connection.secure ? "https" : "http";
  const { httpVersion } = connection;
  const request = { authority, scheme, httpVersion, fields: exchange.fields } as const;
  const fields = ["host", ""];
  const received = upstreamFields(request, connection, streamId, trustedProxies);
  for (let i = 0; i < received.length; i += 2) {
    const name = received[i]!;
    if (!NotPassedOn.has(name)) fields.push(name, received[i + 1]!);
  }
  fields.push("via", `${httpVersion} hawser`);
  const lengths = body === undefined ? [] : fieldValues(exchange.fields, "content-length");
  if (lengths.length === 0) return fields;
  const [length = ""] = lengths;
  if (lengths.length > 1 || !Length.test(length)) return undefined;
  fields.push("content-length", length);
  return fields;
}

/**
 * The field lines of a response for the client, whose values may be such as cannot be sent on. `undefined` if its content has a
 * transfer coding other than `chunked`, which undici leaves in it.
 */
export function tryResponseFields(status: number, received: ReceivedFields): FieldLines | undefined {
  const coding = received["transfer-encoding"];
  if (coding !== undefined && String(coding).toLowerCase() !== "chunked") return undefined;
  const fields = linesOf(received);
  // Nobody may be told a length of the content that a 204 cannot have (RFC 9110 §8.6).
  const passed = withoutHopByHop(status === 204 ? withoutLength(fields) : fields);
  return [...passed, "via", "1.1 hawser"];
}

/** Says whether `received` announces an event stream, which may be quiet for hours (HTML, 9.2.5). */
export function isEventStream(received: ReceivedFields): boolean {
  return /^text\/event-stream(?:[ \t]*;|$)/i.test(String(received["content-type"] ?? ""));
}

/** The trailer fields of a response as they came; `undefined` if there are none. */
export function trailerFields(received: ReceivedFields): FieldLines | undefined {
  const lines = linesOf(received);
  return lines.length === 0 ? undefined : lines;
}

function linesOf(received: ReceivedFields): string[] {
  const lines: string[] = [];
  for (const name in received) {
    const value = received[name];
    if (typeof value === "string") lines.push(name, value);
    else for (const one of value ?? []) lines.push(name, one);
  }
  return lines;
}
