/** What streams are ordered by: the key of each, and its id for those whose keys are the same. */
export interface RankedKeys {
  readonly keys: Float64Array;
  readonly ids: Float64Array;
}

/** Below it a part is sorted by insertion. */
const FewEntries = 16;

/**
 * The order of streams, made as far as somebody asks for it. The largest key is the first unless `ascending`; the smaller id goes
 * first among equals.
 */
export class StreamOrder {
  readonly #ranked: RankedKeys;
  readonly #ascending: boolean;
  readonly #order: Uint32Array;
  /** What stands in front of it belongs there. */
  #settled = 0;

  constructor(ranked: RankedKeys, ascending: boolean) {
    this.#ranked = ranked;
    this.#ascending = ascending;
    this.#order = Uint32Array.from(ranked.keys, (_, index) => index);
  }

  /**
   * The indices that a full sort would have at `[from, to)`, behind all that was asked for before. Takes time in proportion to
   * what is left, and to `(to − from) log (to − from)`.
   */
  part(from: number, to: number): Uint32Array {
    this.#settle(from, to);
    return this.#order.subarray(from, to);
  }

  /** The first `count`, in no order among themselves. */
  first(count: number): Uint32Array {
    this.#settle(count, count);
    return this.#order.subarray(0, count);
  }

  #settle(from: number, to: number): void {
    const [ranked, order, ascending] = [this.#ranked, this.#order, this.#ascending];
    const ranges: [start: number, end: number][] = [[this.#settled, order.length]];
    for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
      const [start, end] = range;
      if (start >= Math.max(to, from + 1) || end <= from) continue;
      if (end - start <= FewEntries) {
        insertionSort(ranked, order, ascending, start, end);
        continue;
      }
      const middle = split(ranked, order, ascending, start, end);
      ranges.push([start, middle], [middle, end]);
    }
    this.#settled = Math.max(this.#settled, to);
  }
}

function isBefore({ keys, ids }: RankedKeys, ascending: boolean, one: number, other: number): boolean {
  const a = keys[one]!;
  const b = keys[other]!;
  if (a !== b) return ascending ? a < b : a > b;
  return ids[one]! < ids[other]!;
}

function insertionSort(ranked: RankedKeys, order: Uint32Array, ascending: boolean, start: number, end: number): void {
  for (let next = start + 1; next < end; next++) {
    const index = order[next]!;
    let place = next;
    for (; place > start && isBefore(ranked, ascending, index, order[place - 1]!); place--)
      order[place] = order[place - 1]!;
    order[place] = index;
  }
}

/** Parts `[start, end)` so that nothing in front of the returned position belongs behind it; neither side is empty (Hoare). */
function split(ranked: RankedKeys, order: Uint32Array, ascending: boolean, start: number, end: number): number {
  const pivot = medianOf(ranked, ascending, order[start]!, order[(start + end) >> 1]!, order[end - 1]!);
  let low = start;
  let high = end - 1;
  for (;;) {
    while (isBefore(ranked, ascending, order[low]!, pivot)) low++;
    while (isBefore(ranked, ascending, pivot, order[high]!)) high--;
    if (low >= high) break;
    const index = order[low]!;
    order[low++] = order[high]!;
    order[high--] = index;
  }
  return low > start ? low : start + 1;
}

function medianOf(ranked: RankedKeys, ascending: boolean, a: number, b: number, c: number): number {
  const aFirst = isBefore(ranked, ascending, a, b);
  if (aFirst === isBefore(ranked, ascending, b, c)) return b;
  return aFirst === isBefore(ranked, ascending, a, c) ? c : a;
}
