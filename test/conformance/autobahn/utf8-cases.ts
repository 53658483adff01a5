import { answered, continuation, failed, fragments, fromHex, heard, send, text, utf8 } from "./building.ts";
import type { ConformanceCase, Step } from "./case.ts";
import { Kosme, SequenceGroups } from "./utf8-sequences.ts";

/** `payload` in fragments of 1 octet, so that characters are cut. */
const octetByOctet = (payload: Uint8Array): Step => send(fragments(0x1, payload, 1));

const Umlauts = "Hello-µ@ßöäüàá-UTF-8!!";
const UmlautHalves = ["Hello-µ@ßöä", "üàá-UTF-8!!"] as const;

const ValidCases: readonly ConformanceCase[] = [
  answered("6.1.1", "an empty text", () => ({ steps: [send([text("")])], hears: [heard("text", "")] })),
  answered("6.1.2", "a text in three empty fragments", () => ({
    steps: [send([text("", { fin: false }), continuation("", false), continuation("")])],
    hears: [heard("text", "")],
  })),
  answered("6.1.3", "a text between two empty fragments", () => ({
    steps: [send([text("", { fin: false }), continuation("in the middle", false), continuation("")])],
    hears: [heard("text", "in the middle")],
  })),
  answered("6.2.1", "UTF-8 in one frame", () => ({ steps: [send([text(Umlauts)])], hears: [heard("text", Umlauts)] })),
  answered("6.2.2", "UTF-8 in two fragments", () => ({
    steps: [send([text(UmlautHalves[0], { fin: false }), continuation(UmlautHalves[1])])],
    hears: [heard("text", Umlauts)],
  })),
  answered("6.2.3", "UTF-8 in fragments of 1 octet", () => ({
    steps: [octetByOctet(utf8(Umlauts))],
    hears: [heard("text", Umlauts)],
  })),
  answered("6.2.4", "Greek in fragments of 1 octet", () => ({
    steps: [octetByOctet(fromHex(Kosme))],
    hears: [heard("text", fromHex(Kosme))],
  })),
];

const WithSurrogate = fromHex(`${Kosme} eda080 656469746564`);
/** U+110000 from octet 11 on: octet 12 is the first that cannot be. */
const BeyondUnicode = fromHex(`${Kosme} f4908080 656469746564`);

/** In fragments cut at `places`. The third is never sent: the second has been answered before. */
function failFastOnFragment(number: string, title: string, [first, second]: readonly [number, number]) {
  return failed(number, title, 1007, () => ({
    steps: [
      send([text(BeyondUnicode.subarray(0, first), { fin: false })]),
      { type: "quiet" },
      send([continuation(BeyondUnicode.subarray(first, second), false)]),
    ],
    hears: [],
  }));
}

/** The same within one frame, whose last octets are never sent. */
function failFastWithinFrame(number: string, title: string, [first, second]: readonly [number, number]) {
  return failed(number, title, 1007, () => ({
    steps: [
      { type: "begin", frame: text(BeyondUnicode), octets: first },
      { type: "quiet" },
      { type: "go on", octets: second - first },
    ],
    hears: [],
  }));
}

const InvalidCases: readonly ConformanceCase[] = [
  failed("6.3.1", "a surrogate in one frame", 1007, () => ({ steps: [send([text(WithSurrogate)])], hears: [] })),
  failed("6.3.2", "a surrogate in fragments of 1 octet", 1007, () => ({
    steps: [octetByOctet(WithSurrogate)],
    hears: [],
  })),
  failFastOnFragment("6.4.1", "fails at the fragment beyond Unicode", [11, 15]),
  failFastOnFragment("6.4.2", "fails at the octet that leaves Unicode, a fragment of its own", [12, 13]),
  failFastWithinFrame("6.4.3", "fails within a frame, at the part beyond Unicode", [11, 15]),
  failFastWithinFrame("6.4.4", "fails within a frame, at the octet that leaves Unicode", [12, 13]),
];

const FirstSequenceGroup = 5;

const SequenceCases = SequenceGroups.flatMap(({ title, sequences }, group) =>
  sequences.map(([hex, isUtf8], index): ConformanceCase => {
    const number = `6.${FirstSequenceGroup + group}.${index + 1}`;
    const payload = fromHex(hex);
    const steps = [send([text(payload)])];
    const name = `${title}: ${hex}`;
    if (isUtf8) return answered(number, name, () => ({ steps, hears: [heard("text", payload)] }));
    return failed(number, name, 1007, () => ({ steps, hears: [] }));
  }),
);

/** Group 6: what a text may be made of, and how soon it is found out. */
export const Utf8Cases: readonly ConformanceCase[] = [...ValidCases, ...InvalidCases, ...SequenceCases];
