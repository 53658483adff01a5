/** Shorter beginnings say too little. */
const ShortestBeginning = 3;

/**
 * The one of `words` that `word` is most likely meant to be, or `undefined` if none is near: at most a third of its
 * letters are other, missing, added or swapped, or `most` of them, or else it is how the other begins. Case does not count.
 */
export function tryNearest(
  word: string,
  words: readonly string[],
  most = Math.max(1, Math.floor(word.length / 3)),
): string | undefined {
  let nearest: string | undefined;
  let least = most + 1;
  for (const candidate of words) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  const isBeginning = (candidate: string) => candidate.toLowerCase().startsWith(word.toLowerCase());
  return nearest ?? (word.length < ShortestBeginning ? undefined : words.find(isBeginning));
}

/** How many letters must be changed, added, removed or swapped with their neighbour to make `to` of `from`. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? beforeLast[j - 2]! + 1 : changed;
      row.push(Math.min(changed, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length]!;
}
