const Registered = [
  ...(["1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007"] as const),
  ...(["1008", "1009", "1010", "1011", "1012", "1013", "1014", "1015"] as const),
] as const;

/** A close code as one of few words: the registered ones (RFC 6455 §7.4.1, IANA) by number, the others by their range. */
export type CloseCodeLabel = (typeof Registered)[number] | "3xxx" | "4xxx" | "other";

/** The label of `code`. A peer may send some two thousand codes; a label has nineteen values. */
export function closeCodeLabel(code: number): CloseCodeLabel {
  const registered = Registered[code - 1000];
  if (registered !== undefined) return registered;
  if (code >= 3000 && code <= 3999) return "3xxx";
  if (code >= 4000 && code <= 4999) return "4xxx";
  return "other";
}
