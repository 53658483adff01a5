/** Up to here a loop is faster than a view and its copy. */
const LoopBytes = 100;

/** Copies `bytes[start, end)` into `target` at `offset`. */
export function copyInto(target: Uint8Array, offset: number, bytes: Uint8Array, start: number, end: number): void {
  if (end - start > LoopBytes) return target.set(bytes.subarray(start, end), offset);
  for (let from = start, to = offset; from < end;) target[to++] = bytes[from++]!;
}

/** A copy of `bytes[start, end)`; `slice` of a Buffer is none. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
