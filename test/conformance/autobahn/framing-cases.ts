import { answered, binary, failed, heard, ping, pong, repeated, send, text, utf8 } from "./building.ts";
import type { ConformanceCase, Cut } from "./case.ts";

/** Length of the payload, and how it is cut. The lengths are those around the three forms of a length. */
const Sizes: readonly (readonly [length: number, cut: Cut])[] = [
  [0, "none"],
  [125, "none"],
  [126, "none"],
  [127, "none"],
  [128, "none"],
  [65_535, "none"],
  [65_536, "none"],
  [65_536, 997],
];

const echoes = Sizes.flatMap(([length, cut], index): ConformanceCase[] => {
  const size = `of ${length} octets${cut === "none" ? "" : `, cut every ${cut}`}`;
  const asterisks = () => repeated(utf8("*"), length);
  const highOctets = () => repeated(Uint8Array.of(0xfe), length);
  return [
    answered(`1.1.${index + 1}`, `text ${size}`, () => ({
      steps: [send([text(asterisks())], cut)],
      hears: [heard("text", asterisks())],
    })),
    answered(`1.2.${index + 1}`, `binary ${size}`, () => ({
      steps: [send([binary(highOctets())], cut)],
      hears: [heard("binary", highOctets())],
    })),
  ];
});

/** Group 1: whole messages of all lengths. */
export const FramingCases: readonly ConformanceCase[] = [1, 2].flatMap((type) =>
  echoes.filter(({ number }) => number.startsWith(`1.${type}.`)),
);

const highOctets = (length: number) => repeated(Uint8Array.of(0xfe), length);
const TenPings = Array.from({ length: 10 }, (_, index) => `payload-${index}`);

const Pings: readonly (readonly [number: string, title: string, payloads: readonly (string | Uint8Array)[], Cut])[] = [
  ["2.1", "a Ping without payload", [""], "none"],
  ["2.2", "a Ping with text", ["Hello, world!"], "none"],
  ["2.3", "a Ping that is no UTF-8", [Uint8Array.of(0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff)], "none"],
  ["2.4", "a Ping of 125 octets", [highOctets(125)], "none"],
  ["2.6", "a Ping of 125 octets, octet by octet", [highOctets(125)], 1],
  ["2.10", "ten Pings", TenPings, "none"],
  ["2.11", "ten Pings, octet by octet", TenPings, 1],
];

/** Group 2: each Ping has its Pong, an unasked Pong has no answer. */
export const PingCases: readonly ConformanceCase[] = [
  ...Pings.map(([number, title, payloads, cut]) =>
    answered(number, title, () => ({
      steps: [
        send(
          payloads.map((payload) => ping(payload)),
          cut,
        ),
      ],
      hears: payloads.map((payload) => heard("pong", payload)),
    })),
  ),
  failed("2.5", "a Ping of 126 octets", 1002, () => ({ steps: [send([ping(highOctets(126))])], hears: [] })),
  answered("2.7", "an unasked Pong without payload", () => ({ steps: [send([pong()])], hears: [] })),
  answered("2.8", "an unasked Pong", () => ({ steps: [send([pong("unasked for")])], hears: [] })),
  answered("2.9", "an unasked Pong, then a Ping", () => ({
    steps: [send([pong("unasked for"), ping("ping payload")])],
    hears: [heard("pong", "ping payload")],
  })),
];
