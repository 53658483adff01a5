import { Buffer } from "node:buffer";

/** From this many bytes on it costs as much as a copy to make memory zero first. */
const UnzeroedBytes = 4_096;

/**
 * Memory of `length` bytes that nobody else has. To be written whole before anybody sees it: what it holds may be from anywhere
 * in this process.
 */
export function freshMemory(length: number): Uint8Array<ArrayBuffer> {
  return length < UnzeroedBytes ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
