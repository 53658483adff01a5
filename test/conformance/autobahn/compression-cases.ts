import { answered } from "./building.ts";
import type { ConformanceCase, DeflateAnswer, DeflateTerms } from "./case.ts";
import { JsonData, type PayloadData, PayloadKinds } from "./payload-data.ts";

const Messages = 1_000;

/** Characters or octets of a message, and octets of a frame of it; 0: in one. */
const Sizes: readonly (readonly [length: number, fragmentOctets: number])[] = [
  ...[16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072].map((length) => [length, 0] as const),
  ...[8_192, 16_384, 32_768, 65_536, 131_072].map((length) => [length, 256] as const),
  ...[1_024, 4_096, 32_768].map((fragmentOctets) => [131_072, fragmentOctets] as const),
];

/** What a client can be asked for. */
const Able = ["client_no_context_takeover", "client_max_window_bits"];

function offer(serverNoContextTakeover: boolean, serverMaxWindowBits?: number): readonly string[] {
  return [
    ...Able,
    ...(serverNoContextTakeover ? ["server_no_context_takeover"] : []),
    ...(serverMaxWindowBits === undefined ? [] : [`server_max_window_bits=${serverMaxWindowBits}`]),
  ];
}

/** The same wish as an offer and as an answer: the other side drops its context, and keeps to so many bits of window. */
type Wish = readonly [noContextTakeover: boolean, maxWindowBits?: 9 | 15];

function answer([clientNoContextTakeover, bits]: Wish): DeflateAnswer {
  return bits === undefined ? { clientNoContextTakeover } : { clientNoContextTakeover, clientMaxWindowBits: bits };
}

function terms(...wishes: readonly Wish[]): DeflateTerms {
  return { offers: wishes.map(([noContext, bits]) => offer(noContext, bits)), answers: wishes.map(answer) };
}

const DefaultTerms = terms([false]);

/** The wishes of 13.1 to 13.7. */
const Terms: readonly DeflateTerms[] = [
  DefaultTerms,
  terms([true]),
  terms([false, 9]),
  terms([false, 15]),
  terms([true, 9]),
  terms([true, 15]),
  terms([true, 9], [true], [false]),
];

function inEachSize(subgroup: string, data: PayloadData, deflate: DeflateTerms): ConformanceCase[] {
  return Sizes.map(([length, fragmentOctets], index) => ({
    ...answered(`${subgroup}.${index + 1}`, titleOf(data, length, fragmentOctets), () => ({
      steps: [
        {
          type: "volley",
          count: Messages,
          octets: length,
          opcode: data.opcode,
          message: data.cut(length),
          fragmentOctets,
        },
      ],
      hears: [],
    })),
    deflate,
  }));
}

function titleOf({ title }: PayloadData, length: number, fragmentOctets: number): string {
  const frames = fragmentOctets === 0 ? "" : `, in frames of ${fragmentOctets}`;
  return `${Messages} round trips of ${title}, ${length} at a time${frames}`;
}

/** Groups 12 and 13: permessage-deflate on different payloads, and with different parameters. */
export const CompressionCases: readonly ConformanceCase[] = [
  ...PayloadKinds.flatMap((data, index) => inEachSize(`12.${index + 1}`, data, DefaultTerms)),
  ...Terms.flatMap((deflate, index) => inEachSize(`13.${index + 1}`, JsonData, deflate)),
];
