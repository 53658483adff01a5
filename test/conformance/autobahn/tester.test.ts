import { constants, inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { close, frame, pong, text } from "./building.ts";
import { groupOf, type TestFrame } from "./case.ts";
import { ConformanceCases } from "./cases.ts";
import { distorted, type Distortion } from "./distorted.ts";
import type { EndpointUnderTest } from "./endpoint.ts";
import { runCase } from "./run-case.ts";
import { startServerEndpoint } from "./server-endpoint.ts";

describe("the table", () => {
  test("has Autobahn's 517 cases, each once", () => {
    expect(new Set(ConformanceCases.map(({ number }) => number)).size).toBe(517);
    expect(ConformanceCases).toHaveLength(517);
  });

  test.each([
    [1, 16],
    [2, 11],
    [3, 7],
    [4, 10],
    [5, 20],
    [6, 145],
    [7, 37],
    [9, 54],
    [10, 1],
    [12, 90],
    [13, 126],
  ])("has of group %i %i cases", (group, count) => {
    expect(ConformanceCases.filter((testCase) => groupOf(testCase) === group)).toHaveLength(count);
  });
});

const isOpcode =
  (...opcodes: readonly number[]) =>
  ({ opcode }: TestFrame) =>
    opcodes.includes(opcode);
const isText = isOpcode(0x1);
const isPong = isOpcode(0xa);
const isClose = isOpcode(0x8);

/** `wrong` in place of what `when` says. */
function instead(when: (frame: TestFrame) => boolean, ...wrong: readonly TestFrame[]): Distortion {
  return { frames: (received) => (when(received) ? wrong : [received]) };
}

/** All but the beginning of a frame waits until the last octet of it is there. */
const wholeFramesOnly: Distortion = {
  passes: (held) => {
    const length = held.length < 6 ? Infinity : 6 + (held[1]! & 0x7f);
    return held.length < length ? 0 : held.length;
  },
};
/** Nothing of a message that is not whole is looked at. */
const wholeMessagesOnly: Distortion = { passes: () => 0 };

/** What the server agrees to in the cases of 12, to which a fault is added. */
const Agreed = "permessage-deflate; client_no_context_takeover";

/** The message as it was before it was compressed, without the context of another. */
function inflated(received: TestFrame): readonly TestFrame[] {
  if (received.rsv !== 0b100) return [received];
  const payload = inflateRawSync(received.payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return [{ ...received, rsv: 0, payload }];
}

/** An end that is wrong, a case that finds it out, and what it says. */
const Wrongs: readonly (readonly [what: string, number: string, distortion: Distortion, fault: RegExp])[] = [
  [
    "echoes something else",
    "1.1.2",
    instead(isText, text("x".repeat(125))),
    /that is not a text of 125 octets as sent/,
  ],
  ["echoes less", "1.1.4", instead(isText, text("*".repeat(126))), /of 126 octets that is not/],
  ["echoes as binary", "1.1.2", instead(isText, frame(0x2, "*".repeat(125))), /a binary of 125 octets where a text/],
  [
    "echoes twice",
    "1.1.2",
    { frames: (f) => (isText(f) ? [f, f] : [f]) },
    /a text of 125 octets where a Close with 1000/,
  ],
  ["echoes in the order that suits it", "5.6", instead(isPong), /a text of 18 octets where a pong/],
  ["does not echo", "1.2.2", instead(isOpcode(0x2)), /nothing came within/],
  ["answers no Ping", "2.10", instead(isPong), /nothing came within/],
  ["answers another Ping", "2.2", instead(isPong, pong("?")), /a pong of 1 octets that is not/],
  ["answers a Pong", "2.8", { frames: (f) => (isClose(f) ? [pong(), f] : [f]) }, /a pong of 0 octets where a Close/],
  ["speaks behind its Close", "7.1.3", { frames: (f) => (isClose(f) ? [f, pong()] : [f]) }, /a pong .* where the end/],
  ["closes with another code", "3.1", instead(isClose, close(1007)), /a Close with 1007 where a Close with 1002/],
  ["closes without a code", "6.3.1", instead(isClose, close()), /a Close with 1005 where a Close with 1007/],
  ["closes without a Close", "4.1.1", instead(isClose), /the end of its half where a Close/],
  ["keeps what came before a fault", "4.2.3", instead(isText), /a Close with 1002 where a text/],
  ["never ends", "7.3.3", { end: "never" }, /nothing came within .* the end of its half/],
  ["resets", "7.3.3", { end: "reset" }, /a reset where the end of its half/],
  ["sets a reserved bit", "1.1.2", instead(isText, { ...text("*".repeat(125)), rsv: 1 }), /a frame with RSV 1/],
  ["fragments a Pong", "2.2", instead(isPong, pong("Hello, world!", { fin: false })), /a control frame in parts/],
  ["begins with a continuation", "1.1.2", instead(isText, frame(0x0, "*".repeat(125))), /a fragment out of turn/],
  ["looks at whole frames only", "6.4.3", wholeFramesOnly, /nothing came within .* a Close with 1007/],
  ["looks at whole frames only", "6.4.4", wholeFramesOnly, /nothing came within .* a Close with 1007/],
  ["looks at whole messages only", "6.4.1", wholeMessagesOnly, /nothing came within .* a Close with 1007/],
  ["looks at whole messages only", "6.4.2", wholeMessagesOnly, /nothing came within .* a Close with 1007/],
  ["answers a Ping behind the message", "5.19", wholeMessagesOnly, /nothing came within .* a pong/],
  ["looks back further than agreed", "12.1.5", { agreed: `${Agreed}; server_max_window_bits=9` }, /does not inflate/],
  ["looks back across messages", "12.1.5", { agreed: `${Agreed}; server_no_context_takeover` }, /does not inflate/],
  ["compresses nothing", "13.2.5", { frames: inflated }, /no message came back compressed/],
];

const Brief = { maxVolleyOctets: 32_768 };

describe("the tester finds out an end that", () => {
  let endpoint: EndpointUnderTest;
  beforeAll(async () => {
    endpoint = await startServerEndpoint("h1");
  });
  afterAll(() => endpoint.close());

  test.each(Wrongs)("%s, by %s", async (_what, number, distortion, fault) => {
    const testCase = ConformanceCases.find((candidate) => candidate.number === number)!;
    expect((await runCase(testCase, endpoint, { ...Brief, patienceMs: 5_000 })).fault).toBeUndefined();
    const verdict = await runCase(testCase, distorted(endpoint, distortion), { ...Brief, patienceMs: 200 });
    expect(verdict.fault).toMatch(fault);
  });
});
