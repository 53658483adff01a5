const SizeUnits = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `bytes` in the largest unit in which at least one is there, with at most one decimal: `1.5 MiB`. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_024 && unit < SizeUnits.length - 1) [value, unit] = [value / 1_024, unit + 1];
  return `${Number(value.toFixed(1))} ${SizeUnits[unit]}`;
}

/** `ms` in the largest unit of which it is a whole number: `90 s`. */
export function duration(ms: number): string {
  if (ms !== 0 && ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  if (ms !== 0 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms !== 0 && ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}

/** `count` with its noun, which has a plural in -s: `1 warning`, `2 warnings`. */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
