import * as fc from "fast-check";
import { joined } from "../support/bits.ts";

/** Bytes made of `pieces`, of parts of them, and of noise. */
export function anyWire(pieces: readonly Uint8Array[], maxPieces = 8): fc.Arbitrary<Uint8Array> {
  const piece = fc.constantFrom(...pieces);
  const part = fc
    .tuple(piece, fc.nat(40), fc.nat(40))
    .map(([whole, from, length]) => whole.subarray(from, from + length));
  const parts = fc.oneof(
    { weight: 6, arbitrary: piece },
    { weight: 1, arbitrary: part },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  );
  return fc.array(parts, { maxLength: maxPieces }).map(joined);
}

/** Sizes for `cutAt`. */
export const anyCuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
