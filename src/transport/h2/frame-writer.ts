import { DefaultFrameBytes, Flag, FrameHeaderBytes, FrameType } from "./h2-codes.ts";

/** Writes a frame header (RFC 9113 §4.1) into `target` at `offset`; returns the offset behind it. */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target[offset] = length >> 16;
  target[offset + 1] = length >> 8;
  target[offset + 2] = length;
  target[offset + 3] = type;
  target[offset + 4] = flags;
  target[offset + 5] = streamId >> 24;
  target[offset + 6] = streamId >> 16;
  target[offset + 7] = streamId >> 8;
  target[offset + 8] = streamId;
  return offset + FrameHeaderBytes;
}

/** A whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FrameHeaderBytes + payload.length);
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.length, type, flags, streamId));
  return bytes;
}

/** A frame whose payload is one 32-bit number: WINDOW_UPDATE or RST_STREAM. */
export function numberFrame(type: number, streamId: number, value: number): Uint8Array {
  const bytes = new Uint8Array(FrameHeaderBytes + 4);
  writeUint32(bytes, writeFrameHeader(bytes, 0, 4, type, Flag.None, streamId), value);
  return bytes;
}

/** GOAWAY with the last stream that was or will be taken (§6.8). */
export function goAwayFrame(lastStreamId: number, code: number): Uint8Array {
  const payload = new Uint8Array(8);
  writeUint32(payload, 0, lastStreamId);
  writeUint32(payload, 4, code);
  return frame(FrameType.GoAway, Flag.None, 0, payload);
}

/** A header block as HEADERS and as many CONTINUATIONs as it takes, in one piece: nothing may come between (§4.3). */
export function headersFrames(streamId: number, block: Uint8Array, isLast: boolean): Uint8Array {
  const frames = Math.max(1, Math.ceil(block.length / DefaultFrameBytes));
  const bytes = new Uint8Array(block.length + frames * FrameHeaderBytes);
  let position = 0;
  for (let at = 0, index = 0; index < frames; index++, at += DefaultFrameBytes) {
    const part = block.subarray(at, at + DefaultFrameBytes);
    const type = index === 0 ? FrameType.Headers : FrameType.Continuation;
    const endStream = index === 0 && isLast ? Flag.EndStream : Flag.None;
    const flags = endStream | (index === frames - 1 ? Flag.EndHeaders : Flag.None);
    position = writeFrameHeader(bytes, position, part.length, type, flags, streamId);
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >> 16;
  target[offset + 2] = value >> 8;
  target[offset + 3] = value;
}
