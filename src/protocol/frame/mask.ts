import { randomBytes } from "node:crypto";

/**
 * XORs `payload` in place with the 4-byte `key` (RFC 6455 §5.3).
 *
 * @param position - offset in bytes of `payload` within its frame, so a frame can be unmasked chunk by chunk.
 */
export function applyMask(payload: Uint8Array, key: Uint8Array, position = 0): void {
  for (let index = 0; index < payload.length; index++) {
    payload[index]! ^= key[(position + index) & 3]!;
  }
}

/** Returns a fresh 4-byte masking key from a strong source of entropy, as RFC 6455 §5.3 asks for each frame. */
export function createMaskKey(): Uint8Array {
  return randomBytes(4);
}
