import { ErrorCode, Flag, FrameType } from "./h2-codes.ts";

/** What a frame header says. */
export interface H2FrameHeader {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly length: number;
}

/** Where each type of frame may be: on the connection (stream 0), on a stream, on either. */
const PlaceOf: Readonly<Record<number, "connection" | "stream" | "either">> = {
  [FrameType.Data]: "stream",
  [FrameType.Headers]: "stream",
  [FrameType.Priority]: "stream",
  [FrameType.RstStream]: "stream",
  [FrameType.Settings]: "connection",
  [FrameType.Ping]: "connection",
  [FrameType.GoAway]: "connection",
  [FrameType.WindowUpdate]: "either",
  [FrameType.Continuation]: "stream",
  [FrameType.PriorityUpdate]: "connection",
};

/**
 * The connection error for a frame that may not come, by its header alone (RFC 9113 §6, RFC 9218 §7.1), or `undefined`.
 *
 * @param lastStreamId - the highest stream that was opened: those above it are idle.
 * @param isWithinBlock - whether a header block has begun and not ended.
 * @param opener - who opens streams, with HEADERS: the peer as a client, or we as its client.
 */
export function brokenFrameRule(
  header: H2FrameHeader,
  lastStreamId: number,
  isWithinBlock: boolean,
  opener: "peer" | "us" = "peer",
): ErrorCode | undefined {
  const { type, streamId } = header;
  if (type === FrameType.PushPromise) return ErrorCode.ProtocolError;
  // Only a client says how urgent its streams are (RFC 9218 §7.1).
  if (type === FrameType.PriorityUpdate && opener === "us") return ErrorCode.ProtocolError;
  const place = PlaceOf[type];
  if (place === undefined) return undefined;
  if (place === "connection" ? streamId !== 0 : streamId === 0 && place === "stream") return ErrorCode.ProtocolError;
  if (type === FrameType.Continuation && !isWithinBlock) return ErrorCode.ProtocolError;
  // A client opens odd streams only, with HEADERS; PRIORITY may be of any.
  const isOpening = opener === "peer" && (type === FrameType.Headers || type === FrameType.Continuation);
  if (isOpening && streamId % 2 === 0) return ErrorCode.ProtocolError;
  if (!isOpening && type !== FrameType.Priority && isIdle(streamId, lastStreamId)) return ErrorCode.ProtocolError;
  return isLengthGood(header) ? undefined : ErrorCode.FrameSizeError;
}

/** A server opens no stream, so even ones are idle for ever. */
function isIdle(streamId: number, lastStreamId: number): boolean {
  return streamId > lastStreamId || (streamId !== 0 && streamId % 2 === 0);
}

function isLengthGood({ type, flags, length }: H2FrameHeader): boolean {
  switch (type) {
    case FrameType.RstStream:
    case FrameType.WindowUpdate:
      return length === 4;
    case FrameType.Ping:
      return length === 8;
    case FrameType.GoAway:
      return length >= 8;
    case FrameType.PriorityUpdate:
      return length >= 4;
    case FrameType.Settings:
      return flags & Flag.Ack ? length === 0 : length % 6 === 0;
    default:
      return true;
  }
}
