/** The smallest edge is 2^6, each is four times the one before, and there are ten. */
const [FirstPower, PowersApart, Edges] = [6, 2, 10];

/** Upper edges in bytes, 64 to 16 MiB: what is larger is counted behind the last of them. */
export const MessageSizeEdges: readonly number[] = Array.from(
  { length: Edges },
  (_, index) => 2 ** (FirstPower + PowersApart * index),
);

const [Smallest, Largest] = [2 ** FirstPower, 2 ** (FirstPower + PowersApart * (Edges - 1))];

/**
 * How large messages are, on the wire: how many fall between two edges each, by one addition for a message. One object for all
 * streams whose sizes are told together.
 */
export class MessageSizes {
  /** How many are at most as large as the edge at the same place, and larger than the one before; then those larger than all. */
  readonly counts: number[] = Array.from({ length: Edges + 1 }, () => 0);
  /** Bytes of all of them together. */
  sum = 0;

  /** Counts a message of `bytes`. */
  add(bytes: number): void {
    this.counts[placeOf(bytes)]!++;
    this.sum += bytes;
  }
}

function placeOf(bytes: number): number {
  if (bytes <= Smallest) return 0;
  // Beyond 32 bits `clz32` would see a part of the number.
  if (bytes > Largest) return Edges;
  return (32 - Math.clz32(bytes - 1) - FirstPower + PowersApart - 1) >> 1;
}
