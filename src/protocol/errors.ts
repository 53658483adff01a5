import { CloseCode } from "./close-code.ts";

/**
 * Every way in which a WebSocket can fail: the code of the Close frame that answers it, or that is reported where none can be
 * sent (1006, 1015), and the rule behind it.
 */
export const errorCatalogue = {
  WS_MASK_MISSING: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.1" },
  WS_MASK_UNEXPECTED: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.1" },
  WS_RSV_UNEXPECTED: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.2" },
  WS_OPCODE_RESERVED: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.2" },
  WS_LENGTH_INVALID: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.2" },
  WS_LENGTH_NOT_MINIMAL: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.2" },
  WS_CONTINUATION_MISSING: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.4" },
  WS_CONTINUATION_UNEXPECTED: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.4" },
  WS_CONTROL_FRAGMENTED: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.5" },
  WS_CONTROL_TOO_LONG: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.5" },
  WS_CLOSE_PAYLOAD_INVALID: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §5.5.1" },
  WS_CLOSE_CODE_INVALID: { closeCode: CloseCode.ProtocolError, rule: "RFC 6455 §7.4" },
  WS_CLOSE_REASON_NOT_UTF8: { closeCode: CloseCode.InvalidPayload, rule: "RFC 6455 §5.5.1" },
  WS_TEXT_NOT_UTF8: { closeCode: CloseCode.InvalidPayload, rule: "RFC 6455 §8.1" },
  WS_DEFLATE_INVALID: { closeCode: CloseCode.InvalidPayload, rule: "RFC 7692 §7.2.2" },
  WS_EXTENSION_NOT_OFFERED: { closeCode: CloseCode.MandatoryExtension, rule: "RFC 6455 §4.1" },
  WS_EXTENSION_UNACCEPTABLE: { closeCode: CloseCode.MandatoryExtension, rule: "RFC 6455 §9.1" },
  WS_EXTENSION_MISSING: { closeCode: CloseCode.MandatoryExtension, rule: "RFC 6455 §7.4.1" },
  WS_MESSAGE_TOO_BIG: { closeCode: CloseCode.MessageTooBig, rule: "RFC 6455 §7.4.1" },
  WS_FRAME_TOO_BIG: { closeCode: CloseCode.MessageTooBig, rule: "RFC 6455 §10.4" },
  WS_TOO_MANY_FRAGMENTS: { closeCode: CloseCode.PolicyViolation, rule: "RFC 6455 §10.4" },
  WS_INFLATE_RATIO: { closeCode: CloseCode.MessageTooBig, rule: "RFC 6455 §10.4" },
  WS_TOO_MANY_CONTROL_FRAMES: { closeCode: CloseCode.PolicyViolation, rule: "RFC 6455 §10.4" },
  WS_BUFFER_FULL: { closeCode: CloseCode.TryAgainLater, rule: "RFC 6455 §10.4" },
  WS_NOT_OPEN: { closeCode: CloseCode.InternalError, rule: "RFC 6455 §6.1" },
  WS_WAIT_TIMEOUT: { closeCode: CloseCode.InternalError, rule: "RFC 6455 §7.1.3" },
  WS_URL_INVALID: { closeCode: CloseCode.Abnormal, rule: "RFC 6455 §3" },
  WS_UNREACHABLE: { closeCode: CloseCode.Abnormal, rule: "RFC 6455 §4.1" },
  WS_TLS_FAILED: { closeCode: CloseCode.TlsHandshake, rule: "RFC 6455 §4.1" },
  WS_PROXY_REFUSED: { closeCode: CloseCode.Abnormal, rule: "RFC 9110 §9.3.6" },
  WS_HTTP2_UNAVAILABLE: { closeCode: CloseCode.Abnormal, rule: "RFC 8441 §3" },
  WS_OPENING_TIMEOUT: { closeCode: CloseCode.Abnormal, rule: "RFC 6455 §4.1" },
  WS_OPENING_REFUSED: { closeCode: CloseCode.Abnormal, rule: "RFC 6455 §4.1" },
  WS_OPENING_INVALID: { closeCode: CloseCode.Abnormal, rule: "RFC 6455 §4.1" },
  WS_REDIRECTED: { closeCode: CloseCode.Abnormal, rule: "RFC 9110 §15.4" },
} as const;
export type ErrorCode = keyof typeof errorCatalogue;

/** What a server answered instead of a WebSocket. */
export interface RefusingResponse {
  /** 300–599. */
  readonly status: number;
  /** Lower-case name, value, name, value … */
  readonly fields: readonly string[];
  /** At most the first 64 KiB. */
  readonly body: Uint8Array | string;
}

/** What a {@link WebSocketError} has beside its code and message. */
export interface WebSocketErrorOptions {
  readonly origin?: WebSocketError["origin"] | undefined;
  readonly cause?: unknown;
  readonly response?: RefusingResponse | undefined;
}

/** The one error class of the library. Match on `code`: `message` is for people and may change. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
  readonly code: ErrorCode;
  /** Who caused it: the other endpoint, the code that called us, or the transport beneath both. */
  readonly origin: "peer" | "caller" | "transport";
  /** Where a server refused: what it answered. */
  readonly response: RefusingResponse | undefined;

  constructor(code: ErrorCode, message: string, options: WebSocketErrorOptions = {}) {
    super(`${message} (${code}, ${errorCatalogue[code].rule})`, { cause: options.cause });
    this.code = code;
    this.origin = options.origin ?? "peer";
    this.response = options.response;
  }

  /** The code of the Close frame that answers this failure (RFC 6455 §7.1.7). */
  get closeCode(): CloseCode {
    return errorCatalogue[this.code].closeCode;
  }
}
