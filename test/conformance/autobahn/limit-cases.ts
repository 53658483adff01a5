import { answered, fragments, frame, heard, repeated, send, utf8 } from "./building.ts";
import type { ConformanceCase, Cut, TestFrame } from "./case.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** What the large messages of a sub-group are made of. */
interface Kind {
  readonly type: "text" | "binary";
  readonly opcode: number;
  readonly pattern: Uint8Array;
}
const Text: Kind = { type: "text", opcode: 0x1, pattern: utf8("BAsd7&jh23") };
const Binary: Kind = { type: "binary", opcode: 0x2, pattern: Uint8Array.of(0x00, 0xfe, 0x23, 0xfa, 0xf0) };
const Asterisks: Kind = { type: "text", opcode: 0x1, pattern: utf8("*") };
const HighOctets: Kind = { type: "binary", opcode: 0x2, pattern: Uint8Array.of(0xfe) };

/** One message there and back. */
function large(
  number: string,
  title: string,
  { type, pattern }: Kind,
  octets: number,
  frames: (payload: Uint8Array) => readonly TestFrame[],
  cut: Cut = "none",
): ConformanceCase {
  return answered(number, title, () => {
    const payload = repeated(pattern, octets);
    return { steps: [send(frames(payload), cut)], hears: [heard(type, payload)] };
  });
}

const Sizes = [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB];
const FragmentSizes = [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB];
const CutSizes = [64, 128, 256, 512, KiB, 2 * KiB];
const VolleySizes = [0, 16, 64, 256, KiB, 4 * KiB];
const VolleyMessages = 1_000;

function growing(subgroup: string, kind: Kind): ConformanceCase[] {
  return Sizes.map((octets, index) =>
    large(`${subgroup}.${index + 1}`, `${kind.type} of ${octets / KiB} KiB`, kind, octets, (payload) => [
      frame(kind.opcode, payload),
    ]),
  );
}

function fragmented(subgroup: string, kind: Kind): ConformanceCase[] {
  return FragmentSizes.map((octets, index) =>
    large(`${subgroup}.${index + 1}`, `${kind.type} of 4 MiB in frames of ${octets}`, kind, 4 * MiB, (payload) =>
      fragments(kind.opcode, payload, octets),
    ),
  );
}

function cut(subgroup: string, kind: Kind): ConformanceCase[] {
  return CutSizes.map((octets, index) =>
    large(
      `${subgroup}.${index + 1}`,
      `${kind.type} of 1 MiB, cut every ${octets}`,
      kind,
      MiB,
      (payload) => [frame(kind.opcode, payload)],
      octets,
    ),
  );
}

function volleys(subgroup: string, { type, opcode, pattern }: Kind): ConformanceCase[] {
  return VolleySizes.map((octets, index) =>
    answered(`${subgroup}.${index + 1}`, `${VolleyMessages} round trips, ${type} of ${octets}`, () => {
      const payload = repeated(pattern, octets);
      const message = () => payload;
      const volley = { type: "volley", count: VolleyMessages, octets, opcode, message, fragmentOctets: 0 } as const;
      return { steps: [volley], hears: [] };
    }),
  );
}

/** Group 9: large messages, however they are cut, and many small ones. */
export const LimitCases: readonly ConformanceCase[] = [
  ...growing("9.1", Text),
  ...growing("9.2", Binary),
  ...fragmented("9.3", Asterisks),
  ...fragmented("9.4", HighOctets),
  ...cut("9.5", Text),
  ...cut("9.6", Binary),
  ...volleys("9.7", Asterisks),
  ...volleys("9.8", HighOctets),
];

/** Group 10. Autobahn counts the frames that it sends itself; `fragments` is made to send 50 of 1300 octets and one of 536. */
export const FragmentedSendingCases: readonly ConformanceCase[] = [
  large("10.1.1", "a text of 64 KiB in frames of 1300", Asterisks, 64 * KiB, (payload) =>
    fragments(0x1, payload, 1_300),
  ),
];
