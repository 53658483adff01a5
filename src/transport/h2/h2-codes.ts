import type { ConnectionAbuse } from "../connection-abuse.ts";

/** Frame types (RFC 9113 §6, RFC 9218 §7). */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
  PriorityUpdate: 16,
} as const;

/** Frame flags (RFC 9113 §6); `Ack` is of SETTINGS and PING, where `EndStream` is not. */
export const Flag = { None: 0, EndStream: 0x1, Ack: 0x1, EndHeaders: 0x4, Padded: 0x8, Priority: 0x20 } as const;

/** Error codes (RFC 9113 §7). */
export const ErrorCode = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  FlowControlError: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSizeError: 6,
  RefusedStream: 7,
  Cancel: 8,
  CompressionError: 9,
  ConnectError: 10,
  EnhanceYourCalm: 11,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Settings (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
export const Setting = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
  EnableConnectProtocol: 8,
  NoRfc7540Priorities: 9,
} as const;

export const FrameHeaderBytes = 9;

/** SETTINGS_MAX_FRAME_SIZE as it is before anybody says otherwise, and as it stays here. */
export const DefaultFrameBytes = 16_384;

/** Windows as they are before anybody says otherwise, and the largest there may be (§6.9.1, §6.9.2). */
export const DefaultWindowBytes = 65_535;
export const MaxWindowBytes = 2 ** 31 - 1;

/** What a client begins its half with (RFC 9113 §3.4). */
export const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** The peer broke a rule of the connection: it ends, with GOAWAY and `code` (RFC 9113 §5.4.1). */
export class H2ConnectionError extends Error {
  override readonly name = "H2ConnectionError";
  readonly code: ErrorCode;
  /** What the peer has done too much of, where that is its fault. */
  readonly abuse: ConnectionAbuse | undefined;

  constructor(code: ErrorCode, rule: string, abuse?: ConnectionAbuse) {
    super(rule);
    this.code = code;
    this.abuse = abuse;
  }
}

/** The peer has spent its budget for `abuse`. */
export function abuseError(abuse: ConnectionAbuse): H2ConnectionError {
  return new H2ConnectionError(ErrorCode.EnhanceYourCalm, `too much of ${abuse}`, abuse);
}
