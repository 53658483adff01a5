import { freshMemory } from "./fresh-memory.ts";

/** Small frames on their way out share a piece of memory of this many bytes, as much as node's own pool has. */
const SlabBytes = 65_536;
const MaxCutBytes = 4_096;
/** From this many bytes on a frame begins at a multiple of 8. */
const AlignedBytes = 1_024;

// Memory for each small frame would cost twice the rest of its making. The slab is the module's, since one for each connection
// would be kept by each that is idle; no byte of it is given out twice. It is no array, since a view of one takes half as long
// again.
let slab = new ArrayBuffer(0);
let slabUsed = 0;

/** Memory of `length` bytes to write a frame to, which goes to a stream, and to nobody who would look about in its `buffer`. */
export function wireMemory(length: number): Uint8Array {
  if (length > MaxCutBytes) return freshMemory(length);
  // Words of 8 bytes are masked faster, and a few bytes are nothing beside so long a frame.
  let start = length < AlignedBytes ? slabUsed : (slabUsed + 7) & ~7;
  if (start + length > slab.byteLength) {
    slab = freshMemory(SlabBytes).buffer;
    start = 0;
  }
  slabUsed = start + length;
  return new Uint8Array(slab, start, length);
}
