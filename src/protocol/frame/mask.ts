import { randomFillSync } from "node:crypto";
import { tryMaskKernel } from "./mask-kernel.ts";

/** From this many bytes on the copy into the kernel and back costs less than the loop here. */
const KernelBytes = 64;
/** From this many bytes to that many one pass over words costs less, where the target is memory that no cache has yet. */
const [WordsBytes, MaxWordsBytes] = [1_024, 8_192];

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

/** The same of a whole payload into new memory; for which the kernel, whose copy back is a second pass, would be too much. */
export function writeMasked(payload: Uint8Array, target: Uint8Array, at: number, word: number): void {
  const { length } = payload;
  const isWords = length >= WordsBytes && length <= MaxWordsBytes && isAligned(payload, 0) && isAligned(target, at);
  if (isWords) writeWords(payload, target, at, word);
  else copyMasked(payload, 0, length, target, at, word);
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

const isAligned = (bytes: Uint8Array, offset: number) => ((bytes.byteOffset + offset) & 7) === 0;

// The key twice, as two numbers and as the one of 64 bits that they are together: V8 computes with those as with others, and
// makes no BigInt of them, as long as they come from such an array and go to one.
const keyTwice = new Int32Array(2);
const keyWords = new BigUint64Array(keyTwice.buffer);

function writeWords(payload: Uint8Array, target: Uint8Array, at: number, word: number): void {
  const { length } = payload;
  const count = length >>> 3;
  const from = new BigUint64Array(payload.buffer, payload.byteOffset, count);
  const to = new BigUint64Array(target.buffer, target.byteOffset + at, count);
  keyTwice.fill(word);
  const key = keyWords[0]!;
  let index = 0;
  for (const lastFour = count - 4; index <= lastFour; index += 4) {
    to[index] = from[index]! ^ key;
    to[index + 1] = from[index + 1]! ^ key;
    to[index + 2] = from[index + 2]! ^ key;
    to[index + 3] = from[index + 3]! ^ key;
  }
  copyBytes(payload, index << 3, length, target, at + (index << 3), word);
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
