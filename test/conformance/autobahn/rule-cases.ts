import { answered, binary, continuation, failed, frame, heard, ping, pong, send, text } from "./building.ts";
import type { ConformanceCase, Cut, TestFrame } from "./case.ts";

const Hello = "Hello, world!";
const Octets = Uint8Array.of(0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff);

/** `bad` alone must be refused. */
function refused(number: string, title: string, bad: readonly TestFrame[], cut: Cut = "none"): ConformanceCase {
  return failed(number, title, 1002, () => ({ steps: [send(bad, cut)], hears: [] }));
}

/** A message that is echoed, then `bad`, and a Ping behind it that must not be answered. */
function refusedBehindMessage(number: string, title: string, bad: TestFrame, cut: Cut = "none"): ConformanceCase {
  return failed(number, `a text, then ${title}`, 1002, () => ({
    steps: [send([text(Hello), bad, ping()], cut)],
    hears: [heard("text", Hello)],
  }));
}

/** Group 3: reserved bits without an extension. RSV 1 to 7 are the three bits read as a number, RSV1 the highest. */
export const ReservedBitCases: readonly ConformanceCase[] = [
  refused("3.1", "a text with RSV 1", [text(Hello, { rsv: 1 })]),
  refusedBehindMessage("3.2", "one with RSV 2", text(Hello, { rsv: 2 })),
  refusedBehindMessage("3.3", "one with RSV 3, frame by frame", text(Hello, { rsv: 3 }), "frames"),
  refusedBehindMessage("3.4", "one with RSV 4, octet by octet", text(Hello, { rsv: 4 }), 1),
  refused("3.5", "a binary message with RSV 5", [binary(Octets, { rsv: 5 })]),
  refused("3.6", "a binary message with RSV 6", [binary(Hello, { rsv: 6 })]),
  refused("3.7", "a Close with RSV 7", [frame(0x8, "", { rsv: 7 })]),
];

/** Group 4: reserved opcodes. */
export const OpcodeCases: readonly ConformanceCase[] = [
  refused("4.1.1", "opcode 3", [frame(3)]),
  refused("4.1.2", "opcode 4 with payload", [frame(4, "reserved")]),
  refusedBehindMessage("4.1.3", "opcode 5", frame(5)),
  refusedBehindMessage("4.1.4", "opcode 6 with payload", frame(6, Hello)),
  refusedBehindMessage("4.1.5", "opcode 7 with payload, octet by octet", frame(7, Hello), 1),
  refused("4.2.1", "opcode 11", [frame(11)]),
  refused("4.2.2", "opcode 12 with payload", [frame(12, "reserved")]),
  refusedBehindMessage("4.2.3", "opcode 13", frame(13)),
  refusedBehindMessage("4.2.4", "opcode 14 with payload", frame(14, Hello)),
  refusedBehindMessage("4.2.5", "opcode 15 with payload, octet by octet", frame(15, Hello), 1),
];

const Cuts: readonly (readonly [cut: Cut, title: string])[] = [
  ["none", ""],
  ["frames", ", frame by frame"],
  [1, ", octet by octet"],
];

/** Three cases from `first` on, one for each way to cut. */
function inEachCut(first: number, make: (number: string, suffix: string, cut: Cut) => ConformanceCase) {
  return Cuts.map(([cut, suffix], index) => make(`5.${first + index}`, suffix, cut));
}

const orphan = (fin: boolean) => continuation("continues nothing", fin);
const TwoFragments = [text("fragment1", { fin: false }), continuation("fragment2")];
const Twice = (fin: boolean) => {
  const once = [continuation("fragment1", fin), text("fragment2", { fin: false }), continuation("fragment3")];
  return [...once, ...once];
};

/** Everything is allowed: the Pongs come before the message is whole, the first before the rest is sent. */
function pingsWithinMessage(number: string, title: string, cut: Cut): ConformanceCase {
  const [one, two, three, four, five] = ["fragment1", "fragment2", "fragment3", "fragment4", "fragment5"] as const;
  return answered(number, title, () => ({
    steps: [
      send([text(one, { fin: false }), continuation(two, false), ping("pongme 1!")], cut),
      { type: "hear", count: 1 },
      send([continuation(three, false), continuation(four, false), ping("pongme 2!"), continuation(five)], cut),
    ],
    hears: [heard("pong", "pongme 1!"), heard("pong", "pongme 2!"), heard("text", one + two + three + four + five)],
  }));
}

/** Group 5: fragmentation. */
export const FragmentationCases: readonly ConformanceCase[] = [
  refused("5.1", "a Ping in two fragments", [ping("fragment1", { fin: false }), continuation("fragment2")]),
  refused("5.2", "a Pong in two fragments", [pong("fragment1", { fin: false }), continuation("fragment2")]),
  ...inEachCut(3, (number, suffix, cut) =>
    answered(number, `a text in two fragments${suffix}`, () => ({
      steps: [send(TwoFragments, cut)],
      hears: [heard("text", "fragment1fragment2")],
    })),
  ),
  ...inEachCut(6, (number, suffix, cut) =>
    answered(number, `a Ping between two fragments${suffix}`, () => ({
      steps: [send([text("fragment1", { fin: false }), ping("ping payload"), continuation("fragment2")], cut)],
      hears: [heard("pong", "ping payload"), heard("text", "fragment1fragment2")],
    })),
  ),
  ...inEachCut(9, (number, suffix, cut) =>
    refused(number, `a last fragment of nothing, then a text${suffix}`, [orphan(true), text(Hello)], cut),
  ),
  ...inEachCut(12, (number, suffix, cut) =>
    refused(number, `a fragment of nothing, then a text${suffix}`, [orphan(false), text(Hello)], cut),
  ),
  failed("5.15", "a text in two fragments, then a fragment of nothing", 1002, () => ({
    steps: [send([...TwoFragments, continuation("fragment3", false), text("fragment4")])],
    hears: [heard("text", "fragment1fragment2")],
  })),
  refused("5.16", "a fragment of nothing before a text in two fragments, twice", Twice(false)),
  refused("5.17", "a last fragment of nothing before a text in two fragments, twice", Twice(true)),
  refused("5.18", "a text whose second fragment is a text", [text("fragment1", { fin: false }), text("fragment2")]),
  pingsWithinMessage("5.19", "Pings within a text in five fragments", "none"),
  pingsWithinMessage("5.20", "Pings within a text in five fragments, frame by frame", "frames"),
];
