import { CloseCode } from "../protocol/close-code.ts";
import { MaxControlPayloadBytes } from "../protocol/frame/frame-rules.ts";
import { isToken } from "../protocol/handshake/field-values.ts";

const MaxReasonBytes = MaxControlPayloadBytes - 2;

/**
 * The URL of a browser-shaped WebSocket: `http:` and `https:` stand for `ws:` and `wss:` (WebSockets Standard §3.1).
 *
 * @throws DOMException `SyntaxError` for what is not absolute, has another scheme or a fragment.
 */
export function parseWebSocketUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new DOMException("the URL is not an absolute one", "SyntaxError");
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new DOMException("the scheme of the URL is none of ws, wss, http and https", "SyntaxError");
  }
  // `hash` does not tell an empty fragment from none.
  if (url.href.includes("#")) throw new DOMException("the URL has a fragment", "SyntaxError");
  return url;
}

/**
 * The subprotocols that a browser-shaped WebSocket offers for `protocols`: a list, or anything else as the name of one.
 *
 * @throws DOMException `SyntaxError` where one is not a token, or is there twice, in whatever case.
 */
export function parseSubprotocols(protocols: unknown): readonly string[] {
  const isList = typeof protocols === "object" && protocols !== null && isIterable(protocols);
  const names = isList ? Array.from(protocols, String) : [String(protocols)];
  if (!names.every(isToken)) throw new DOMException("a subprotocol is not a token", "SyntaxError");
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) {
    throw new DOMException("a subprotocol is there twice", "SyntaxError");
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
    throw new DOMException("a code is 1000 or 3000 to 4999", "InvalidAccessError");
  }
  const text = String(reason);
  if (Buffer.byteLength(text) > MaxReasonBytes) {
    throw new DOMException(`a reason has at most ${MaxReasonBytes} bytes`, "SyntaxError");
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
