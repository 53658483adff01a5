import type { AbortReason } from "../byte-stream.ts";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import { ErrorCode } from "./h2-codes.ts";
import type { StreamReceiveWindow } from "./stream-receive-window.ts";

/** What a stream asks of its connection. */
export interface StreamConnection<Stream> {
  /** Sends `bytes[start, end)`, which its window lets go, before it returns `true`; `false` if that has to wait. */
  trySend(stream: Stream, bytes: Uint8Array, start: number, end: number): boolean;
  /** The stream has something that may leave. */
  queue(stream: Stream): void;
  sendHeaders(stream: Stream, fields: FieldLines, isLast: boolean): void;
  /** The stream is about to be given up with something in it. */
  tellUnsent(stream: Stream): void;
  /** Sends RST_STREAM and forgets the stream. */
  reset(stream: Stream, code: ErrorCode): void;
  /** What it had to send is dropped. */
  drop(stream: Stream): void;
  /** What waits in streams to be read becomes `bytes` more, or less. It may be given up for it. */
  hold(bytes: number): void;
  /** Lets the peer send `bytes` more on it. */
  grant(stream: Stream, bytes: number): void;
  /** Both halves are over on the wire. */
  forget(stream: Stream): void;
}

/** The windows of a stream as they are first. */
export interface StreamWindows {
  /** For what the peer sends. */
  readonly receive: StreamReceiveWindow;
  /** What we may send, in bytes. */
  readonly send: number;
}

/** The code of RST_STREAM for each reason (RFC 9113 §7). */
export const ResetCodes: Readonly<Record<AbortReason, ErrorCode>> = {
  "no-error": ErrorCode.NoError,
  "protocol-error": ErrorCode.ProtocolError,
  "internal-error": ErrorCode.InternalError,
  cancel: ErrorCode.Cancel,
  "connect-error": ErrorCode.ConnectError,
};
