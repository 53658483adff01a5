/** What streams are ordered by: the key of each, and its id for those whose keys are the same. */
export interface RankedKeys {
  readonly keys: Float64Array;
  readonly ids: Float64Array;
}

/** Below it a part is sorted by insertion. */
const FewEntries = 16;

/**
 * The indices of `ranked`, of which those at `[from, to)` are the ones that a full sort would put there; what stands before
 * belongs before, what follows behind. The largest key is the first unless `ascending`; the smaller id goes first among equals.
 * Takes time in proportion to all, and to `(to − from) log (to − from)`.
 */
export function orderPart(ranked: RankedKeys, ascending: boolean, from: number, to: number): Uint32Array {
  const { length } = ranked.keys;
  const order = Uint32Array.from({ length }, (_, index) => index);
  const ranges: [start: number, end: number][] = [[0, length]];
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
  return order;
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
