/** `wire` in pieces of `sizes` bytes, over and over. */
export function cutAt(wire: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0, turn = 0; start < wire.length; turn++) {
    const end = start + (sizes[turn % sizes.length] ?? wire.length);
    chunks.push(wire.subarray(start, end));
    start = end;
  }
  return chunks;
}

/** Calls `check` with `wire` whole, in two pieces cut at each place, and byte by byte. */
export function everyCut(wire: Uint8Array, check: (chunks: readonly Uint8Array[]) => void): void {
  check([wire]);
  for (let cut = 1; cut < wire.length; cut++) check([wire.subarray(0, cut), wire.subarray(cut)]);
  check(cutAt(wire, [1]));
}
