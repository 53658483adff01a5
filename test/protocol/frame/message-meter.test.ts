import { describe, expect, test } from "vitest";
import { MessageMeter, messageLimitOf, type MessageLimits } from "../../../src/protocol/frame/message-meter.ts";

const NoLimits: MessageLimits = { maxMessageBytes: undefined, maxFrameBytes: undefined, maxFragments: undefined };

/** Lengths of the frames of messages, `…` behind those that are not the last. The first that is refused ends it. */
function judge(limits: Partial<MessageLimits>, frames: readonly string[]): string[] {
  const meter = new MessageMeter({ ...NoLimits, ...limits });
  const verdicts: string[] = [];
  for (const frame of frames) {
    const header = { fin: !frame.endsWith("…"), payloadLength: parseInt(frame, 10) };
    const broken = meter.brokenLimit(header);
    verdicts.push(broken ?? "ok");
    if (broken !== undefined) break;
    meter.add(header);
  }
  return verdicts;
}

test.each([
  { limits: {}, frames: ["9007199254740991"], verdict: "ok" },
  { limits: { maxFrameBytes: 10 }, frames: ["10", "10…", "10", "11"], verdict: "WS_FRAME_TOO_BIG" },
  { limits: { maxMessageBytes: 10 }, frames: ["10", "11"], verdict: "WS_MESSAGE_TOO_BIG" },
  { limits: { maxMessageBytes: 10 }, frames: ["4…", "6…", "0", "4…", "7"], verdict: "WS_MESSAGE_TOO_BIG" },
  { limits: { maxMessageBytes: 10 }, frames: ["1…", "9007199254740991"], verdict: "WS_MESSAGE_TOO_BIG" },
  { limits: { maxMessageBytes: 10, maxFrameBytes: 5 }, frames: ["5…", "5…", "6"], verdict: "WS_FRAME_TOO_BIG" },
  { limits: { maxFragments: 2 }, frames: ["9…", "9", "0…", "0…", "0"], verdict: "WS_TOO_MANY_FRAGMENTS" },
  { limits: { maxFragments: 1 }, frames: ["1", "1", "1"], verdict: "ok" },
])("$frames within $limits: the last one is $verdict", ({ limits, frames, verdict }) => {
  expect(judge(limits, frames)).toEqual([...frames.slice(1).map(() => "ok"), verdict]);
});

test("knows whether it is inside a message", () => {
  const meter = new MessageMeter(NoLimits);
  const inside = [false, false, true].map((fin) => {
    meter.add({ fin, payloadLength: 0 });
    return meter.insideMessage;
  });
  expect(inside).toEqual([true, true, false]);
});

describe("without limits", () => {
  test.each([
    { limits: NoLimits, meters: 0 },
    { limits: { ...NoLimits, maxFragments: 1 }, meters: 1 },
    { limits: { ...NoLimits, maxFrameBytes: 0 }, meters: 1 },
    { limits: { ...NoLimits, maxMessageBytes: 1 }, meters: 1 },
  ])("there is no meter: $limits", ({ limits, meters }) => {
    expect(MessageMeter.try(limits) === undefined ? 0 : 1).toBe(meters);
  });
});

test("an error that is not of a limit has none", () => {
  expect([messageLimitOf("WS_FRAME_TOO_BIG"), messageLimitOf("WS_MASK_MISSING")]).toEqual(["frame_bytes", undefined]);
});
