import { randomFillSync } from "node:crypto";
import { tryMaskKernel } from "./mask-kernel.ts";

/** From this many bytes on the copy into the kernel and back costs less than the loop here. */
const KernelBytes = 64;

// Its memory is written before it is read within each call, so nobody sees what somebody else left there.
const kernel = tryMaskKernel();
// A view of that memory as long as the last payload: messages of a kind are often of a length.
let masked = kernel?.memory ?? new Uint8Array(0);

/**
 * XORs `payload` in place with the 4-byte `key` (RFC 6455 §5.3).
 *
 * @param position - offset in bytes of `payload` within its frame, so a frame can be unmasked chunk by chunk.
 */
export function applyMask(payload: Uint8Array, key: Uint8Array, position = 0): void {
  copyMasked(payload, 0, payload.length, payload, 0, rotated(maskWord(key, 0), position));
}

/**
 * Writes `source[start, end)`, XORed with the key, to `target` from `at` on, which has room for it; it may be the same place.
 * Offsets and not views, since this is done for each frame and a view costs as much as a short payload.
 *
 * @param word - the key as `maskWord` has it, `rotated` where the payload does not begin at `start`.
 */
export function copyMasked(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  word: number,
): void {
  if (kernel === undefined || end - start < KernelBytes) {
    copyBytes(source, start, end, target, at, word);
    return;
  }
  const { memory, buffer, xor } = kernel;
  for (let from = start, to = at; from < end; from += memory.length, to += memory.length) {
    const length = Math.min(end - from, memory.length);
    // No `subarray`: on a Buffer that is a slower one of node's own.
    memory.set(length === source.length ? source : new Uint8Array(source.buffer, source.byteOffset + from, length));
    xor(length, word);
    if (masked.length !== length) masked = new Uint8Array(buffer, 0, length);
    target.set(masked, to);
  }
}

/** The 4-byte key at `offset` as one number, its first octet in the lowest bits. */
export function maskWord(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
}

/** The key for a payload from its byte `position` on. */
export function rotated(word: number, position: number): number {
  const shift = (position & 3) << 3;
  // A shift by 32 is one by 0.
  return (word >>> shift) | (word << (32 - shift));
}

function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number, word: number): void {
  let from = start;
  let to = at;
  for (const lastFour = end - 4; from <= lastFour; from += 4, to += 4) {
    target[to] = source[from]! ^ word;
    target[to + 1] = source[from + 1]! ^ (word >> 8);
    target[to + 2] = source[from + 2]! ^ (word >> 16);
    target[to + 3] = source[from + 3]! ^ (word >> 24);
  }
  for (let key = word; from < end; key >>= 8) target[to++] = source[from++]! ^ key;
}

// Strong random bytes, so that a masking key is no call of the system. They are the module's and not a connection's, which
// would keep 8 KiB each: a byte is given out once and to one caller, and tells nothing of the others.
const pool = new Uint8Array(8_192);
let poolUsed = pool.length;

/** Returns a fresh masking key from a strong source of entropy, as RFC 6455 §5.3 asks for each frame, as `maskWord` has it. */
export function createMaskWord(): number {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const word = maskWord(pool, poolUsed);
  poolUsed += 4;
  return word;
}

/** The same in 4 bytes. */
export function createMaskKey(): Uint8Array {
  const word = createMaskWord();
  return Uint8Array.of(word, word >> 8, word >> 16, word >> 24);
}
