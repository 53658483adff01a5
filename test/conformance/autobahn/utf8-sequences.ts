/**
 * Octet sequences in hex as a decoder meets them worst, in the order of Markus Kuhn's "UTF-8 decoder capability and stress
 * test": `true` where they are UTF-8 (RFC 3629).
 */
export interface SequenceGroup {
  readonly title: string;
  readonly sequences: readonly (readonly [hex: string, isUtf8: boolean])[];
}

/** "κόσμε" */
export const Kosme = "cebae1bdb9cf83cebcceb5";
const KosmeCharacterEnds: readonly number[] = [2, 5, 7, 9, 11];

function hexOf(octets: readonly number[]): string {
  return Buffer.from(octets).toString("hex");
}

function range(from: number, behind: number): number[] {
  return Array.from({ length: behind - from }, (_, index) => from + index);
}

const all = (isUtf8: boolean, ...sequences: readonly string[]) => sequences.map((hex) => [hex, isUtf8] as const);

/** Each first octet with a space behind it. */
const lonely = (from: number, behind: number) => hexOf(range(from, behind).flatMap((octet) => [octet, 0x20]));

const WithoutLast = [
  ...["c0", "e080", "f08080", "f8808080", "fc80808080"],
  ...["df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"],
];

/** U+nFFFE and U+nFFFF of the planes 1 to 16. */
const planeEnds = range(1, 17).flatMap((plane) => {
  const lead = hexOf([0xf0 | (plane >> 2), 0x8f | ((plane & 3) << 4)]);
  return [`${lead}bfbe`, `${lead}bfbf`];
});

const hello = (middle: string) => hexOf([...Buffer.from("hello")]) + middle + hexOf([...Buffer.from("world")]);

/** The groups 6.5 to 6.23, in their order. */
export const SequenceGroups: readonly SequenceGroup[] = [
  { title: "UTF-8", sequences: all(true, hello("24"), hello("c2a2"), hello("e282ac"), hello("f0a4ada2"), Kosme) },
  {
    title: "each beginning of a text",
    sequences: range(1, 12).map((octets) => [Kosme.slice(0, 2 * octets), KosmeCharacterEnds.includes(octets)] as const),
  },
  { title: "the first character of each length", sequences: all(true, "00", "c280", "e0a080", "f0908080") },
  { title: "the first of 5 and 6 octets", sequences: all(false, "f888808080", "fc8480808080") },
  { title: "the last character of each length", sequences: all(true, "7f", "dfbf", "efbfbf", "f48fbfbf") },
  { title: "the last of 4, 5 and 6 octets", sequences: all(false, "f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf") },
  {
    title: "other boundaries",
    sequences: [...all(true, "ed9fbf", "ee8080", "efbfbd", "f48fbfbf"), ...all(false, "f4908080")],
  },
  {
    title: "continuation octets alone",
    sequences: all(
      false,
      ...["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf"],
      hexOf(range(0x80, 0xbf)),
    ),
  },
  {
    title: "first octets alone",
    sequences: all(
      false,
      ...[lonely(0xc0, 0xdf), lonely(0xe0, 0xef), lonely(0xf0, 0xf7), lonely(0xf8, 0xfb), lonely(0xfc, 0xfd)],
    ),
  },
  { title: "the last octet missing", sequences: all(false, ...WithoutLast) },
  { title: "each of those in a row", sequences: all(false, WithoutLast.join("")) },
  { title: "octets that never occur", sequences: all(false, "fe", "ff", "fefeffff") },
  {
    title: "a slash in too many octets",
    sequences: all(false, "c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"),
  },
  {
    title: "the last in too many octets",
    sequences: all(false, "c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"),
  },
  {
    title: "NUL in too many octets",
    sequences: all(false, "c080", "e08080", "f0808080", "f880808080", "fc8080808080"),
  },
  {
    title: "a surrogate alone",
    sequences: all(false, "eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"),
  },
  {
    title: "surrogates in pairs",
    sequences: all(
      false,
      ...["eda080", "edadbf", "edae80", "edafbf"].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
    ),
  },
  { title: "no characters, but UTF-8", sequences: all(true, "efbfbe", "efbfbf", ...planeEnds) },
  {
    title: "specials",
    sequences: all(true, "efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"),
  },
];
