import { CloseCode } from "../protocol/close-code.ts";
import { MaxControlPayloadBytes } from "../protocol/frame/frame-rules.ts";
import { isToken } from "../protocol/handshake/field-values.ts";
import { parseWebSocketUrl } from "./client-url.ts";

const MaxReasonBytes = MaxControlPayloadBytes - 2;

/**
 * The URL of a browser-shaped WebSocket, as {@link parseWebSocketUrl} reads it.
 *
 * @throws DOMException `SyntaxError` for what is none.
 */
export function parseUrlArgument(text: string): URL {
  try {
    return parseWebSocketUrl(text);
  } catch (error) {
    throw new DOMException(error instanceof Error ? error.message : "", "SyntaxError");
  }
}

/**
 * The subprotocols that a browser-shaped WebSocket offers for `protocols`: a list, or anything else as the name of one.
 *
 * @throws DOMException `SyntaxError` where one is not a token, or is there twice, in whatever case.
 */
export function parseSubprotocols(protocols: unknown): readonly string[] {
  const isList = typeof protocols === "object" && protocols !== null && isIterable(protocols);
  const names = isList ? Array.from(protocols, String) : [String(protocols)];
  const wrong = names.find((name) => !isToken(name));
  if (wrong !== undefined) throw new DOMException(`subprotocol ${JSON.stringify(wrong)} is no token`, "SyntaxError");
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    throw new DOMException(`a subprotocol is there twice: ${names.join(", ")}`, "SyntaxError");
  }
  return names;
}

/**
 * What the Close of a browser-shaped WebSocket says: 1005 where it has no code. A `code` that is not a number becomes one
 * as in a browser, which makes it 0 or 65535 where it is out of range.
 *
 * @throws DOMException `InvalidAccessError` for a code but 1000 and 3000–4999, `SyntaxError` for a reason of more than
 *   123 bytes of UTF-8.
 */
export function parseCloseArguments(
  code: unknown,
  reason: unknown = "",
): { readonly code: number; readonly reason: string } {
  const clamped = code === undefined ? undefined : clampToUnsignedShort(Number(code));
  if (clamped !== undefined && clamped !== CloseCode.Normal && !(clamped >= 3000 && clamped <= 4999)) {
    throw new DOMException(`code is ${clamped}, not 1000 or 3000 to 4999`, "InvalidAccessError");
  }
  const text = String(reason);
  const bytes = Buffer.byteLength(text);
  if (bytes > MaxReasonBytes) {
    throw new DOMException(`reason has ${bytes} bytes, and ${MaxReasonBytes} at most`, "SyntaxError");
  }
  return { code: clamped ?? (text === "" ? CloseCode.NoStatus : CloseCode.Normal), reason: text };
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** As `[Clamp] unsigned short` (Web IDL §3.2.4.9): a half goes to the even neighbour. */
function clampToUnsignedShort(number: number): number {
  const clamped = Math.min(Math.max(Number.isNaN(number) ? 0 : number, 0), 0xffff);
  const floor = Math.floor(clamped);
  const rest = clamped - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}
