/** The close codes of RFC 6455 §7.4.1 and of the IANA registry it founded (1012–1014). */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  /** Reported for a Close frame without a code; never on the wire. */
  NoStatus: 1005,
  /** Reported for an end without a Close frame; never on the wire. */
  Abnormal: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
  /** Reported for a failed TLS handshake; never on the wire. */
  TlsHandshake: 1015,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/**
 * Whether a Close frame may carry `code`: the registered codes that are not for reporting only, and 3000–4999, which
 * belong to libraries and applications (RFC 6455 §7.4.2).
 */
export function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  if (code >= CloseCode.InvalidPayload) return code <= CloseCode.BadGateway;
  return code >= CloseCode.Normal && code <= CloseCode.UnsupportedData;
}
