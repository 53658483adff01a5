import { expect, onTestFinished } from "vitest";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import type { FarEnd } from "./far-end.ts";
import { FarRecorder, NearObserver, turns, watchCalls } from "./stream-observers.ts";

/** A byte stream under test, joined to a far end. */
export interface StreamPair {
  /** Not started yet. */
  readonly near: ByteStream;
  readonly far: FarEnd;
  /** Takes the connection away beneath the near end, as a listener does that is destroyed. */
  readonly loseConnection: () => void;
  /** Lets go of everything, whatever state the two are in. */
  readonly close: () => Promise<void>;
}

export type OpenPair = () => Promise<StreamPair>;

export const KiB = 1_024;
export const MiB = 1_024 * KiB;

/** An open pair whose breaches of order fail the test that made it. */
export async function open(openPair: OpenPair) {
  const pair = await openPair();
  const observer = new NearObserver(pair.near);
  const seen = new FarRecorder();
  onTestFinished(async () => {
    await pair.close();
    expect(observer.breaches).toEqual([]);
  });
  const near = watchCalls(pair.near, observer);
  return { near, far: pair.far, loseConnection: pair.loseConnection, observer, seen };
}

/** The same, with both ends reading. */
export async function openStarted(openPair: OpenPair) {
  const pair = await open(openPair);
  pair.far.observe(pair.seen);
  pair.near.start(pair.observer);
  return pair;
}

/** Bytes of which no two ranges of some length look alike, so that a lost, doubled or moved piece shows. */
export function pattern(length: number, from = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = Math.imul(from + i, 0x9e37_79b1) >>> 24;
  return bytes;
}

/** Writes `bytes` in pieces of `pieceBytes`, as a caller who stops on `false` and goes on at `onDrain`. */
export async function writeAll(near: ByteStream, observer: NearObserver, bytes: Uint8Array, pieceBytes: number) {
  let refusals = 0;
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const end = Math.min(bytes.length, start + pieceBytes);
    if (near.write(bytes, start, end, "kept")) continue;
    refusals++;
    await observer.until("onDrain", () => observer.drains === refusals);
  }
  return refusals;
}

/** Fills the near end's buffer against a far end that does not read: returns how many bytes were written. */
export async function fill(near: ByteStream, piece = pattern(64 * KiB)): Promise<number> {
  let written = 0;
  // What the system buffers on the way grows in steps, so `false` only stays `false` when a few turns change nothing.
  for (let full = 0; full < 3;) {
    written += piece.length;
    if (near.write(piece, 0, piece.length, "kept")) continue;
    await turns();
    full = near.bufferedBytes > 0 ? full + 1 : 0;
  }
  return written;
}
