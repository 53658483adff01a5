import { describe, expect, test } from "vitest";
import { Budget } from "../../../src/transport/h2/budget.ts";
import type { ConnectionAbuse } from "../../../src/transport/connection-abuse.ts";
import { ErrorCode, FrameType } from "../../../src/transport/h2/h2-codes.ts";
import { PeerBudgets } from "../../../src/transport/h2/peer-budgets.ts";
import { ReceiveWindow } from "../../../src/transport/h2/receive-window.ts";
import { ResetStreams } from "../../../src/transport/h2/reset-streams.ts";
import { DefaultH2 } from "../../support/listening.ts";

/** How often `take` can be called until it fails. */
function takes(take: () => boolean, most = 100_000): number {
  let taken = 0;
  while (taken < most && take()) taken++;
  return taken;
}

describe("a budget", () => {
  test("gives its burst at once, then so many per second, and never more than the burst", () => {
    let nowMs = 1_000;
    const budget = new Budget({ burst: 100, perSecond: 10 }, () => nowMs);
    expect(takes(() => budget.take())).toBe(100);
    nowMs += 500;
    // Those that failed count, too.
    expect(takes(() => budget.take())).toBeGreaterThanOrEqual(3);
    nowMs += 3_600_000;
    expect(takes(() => budget.take())).toBeLessThanOrEqual(101);
  });

  test.each([
    { perTick: 1, isBorne: true },
    { perTick: 2, isBorne: false },
  ])("of 100 per second bears $perTick every 10 ms for ever: $isBorne", ({ perTick, isBorne }) => {
    let nowMs = 0;
    const budget = new Budget({ burst: 50, perSecond: 100 }, () => nowMs);
    let taken = 0;
    for (; nowMs < 10_000 && budget.take(perTick); nowMs += 10) taken += perTick;
    expect(taken).toBeLessThanOrEqual(isBorne ? 1_000 : 110);
    expect(nowMs === 10_000).toBe(isBorne);
  });

  test("gets back what useful work earns, up to its burst", () => {
    const budget = new Budget({ burst: 10, perSecond: 0 }, () => 0);
    expect(takes(() => budget.take(), 6)).toBe(6);
    budget.earn(1_000);
    expect(takes(() => budget.take())).toBe(10);
  });
});

describe("what a peer may cost", () => {
  const sent = { dataBytes: 0, dataFrames: 0, controlBytes: 0 };
  const tooMuchOf = (abuse: ConnectionAbuse) => expect.objectContaining({ code: ErrorCode.EnhanceYourCalm, abuse });
  const throws = (act: () => void): boolean => {
    try {
      act();
      return false;
    } catch {
      return true;
    }
  };
  const budgets = (more: Partial<typeof sent> = {}, nowMs = () => 0) =>
    new PeerBudgets(DefaultH2, { ...sent, ...more }, nowMs);

  test("250 streams are reset five times in five seconds, and no more than that without end", () => {
    let nowMs = 0;
    const one = budgets({}, () => nowMs);
    for (let reload = 0; reload < 5; reload++, nowMs += 1_000)
      for (let at = 0; at < 250; at++) one.countReset("rapid-reset");
    expect(() => {
      for (let at = 0; at < 2_000; at++) one.countReset("rapid-reset");
    }).toThrow(tooMuchOf("rapid-reset"));
  });

  test.each([
    { type: FrameType.Settings, abuse: "settings" },
    { type: FrameType.Ping, abuse: "ping" },
    { type: FrameType.Priority, abuse: "priority" },
    { type: FrameType.Continuation, abuse: "continuation" },
    { type: FrameType.GoAway, abuse: "other-frames" },
    { type: 0x42, abuse: "other-frames" },
  ] as const)("what spends the budget of idle frames names the reason: $abuse", ({ type, abuse }) => {
    const one = budgets();
    for (let at = 0; at < 4_096; at++) one.countUseless(0x42);
    expect(() => one.countUseless(type)).toThrow(tooMuchOf(abuse));
  });

  test.each([
    { bytes: 0, frames: 4_096, abuse: "empty-data" },
    { bytes: 1, frames: 16_384, abuse: "tiny-data" },
    { bytes: 5, frames: 16_384, abuse: "tiny-data" },
  ] as const)("DATA of $bytes bytes may come $frames times: then it is $abuse", ({ bytes, frames, abuse }) => {
    const one = budgets();
    for (let at = 0; at < frames; at++) one.countData(bytes);
    expect(() => one.countData(bytes)).toThrow(tooMuchOf(abuse));
  });

  test("a server may say as little as it likes, but not nothing", () => {
    const one = new PeerBudgets(DefaultH2, sent, () => 0, "server");
    for (let at = 0; at < 100_000; at++) one.countData(1);
    expect(takes(() => !throws(() => one.countData(0)))).toBe(4_096);
  });

  test("a tiny frame for each that is not, like the rest of a message behind a full one, may come for ever", () => {
    const one = budgets();
    for (let at = 0; at < 100_000; at++) {
      one.countData(16_384);
      one.countData(2);
    }
    expect(takes(() => !throws(() => one.countData(2)))).toBe(16_383);
  });

  test("of more streams in a row than may be open nothing is taken: then no other is opened", () => {
    const counters = { dataBytes: 9, dataFrames: 0, controlBytes: 0 };
    const one = new PeerBudgets({ ...DefaultH2, maxConcurrentStreams: 10 }, counters, () => 0);
    const stall = (times: number) => {
      for (let at = 0; at < times; at++) one.noteStall();
    };
    stall(10);
    one.checkStalls();
    counters.dataBytes++;
    stall(10);
    one.checkStalls();
    stall(1);
    expect(() => one.checkStalls()).toThrow(tooMuchOf("zero-window"));
    counters.dataBytes++;
    one.checkStalls();
  });

  test("window updates are paid for by what was sent, two for each frame", () => {
    const counters = { dataBytes: 0, dataFrames: 0, controlBytes: 0 };
    const one = new PeerBudgets(DefaultH2, counters, () => 0);
    for (let frame = 0; frame < 20_000; frame++) {
      counters.dataFrames++;
      counters.dataBytes++;
      one.countUpdate();
      one.countUpdate();
    }
    expect(() => {
      for (let at = 0; at < 5_000; at++) one.countUpdate();
    }).toThrow(tooMuchOf("window-update"));
  });

  test("answers that wait are bounded", () => {
    expect(() => budgets({ controlBytes: 1_000_000 }).checkAnswers()).not.toThrow();
    expect(() => budgets({ controlBytes: 1_100_000 }).checkAnswers()).toThrow(tooMuchOf("unread-answers"));
  });
});

describe("the window of a connection", () => {
  test("is given back by halves, all of it, and no more than that may come", () => {
    const window = new ReceiveWindow(100_000);
    expect(window.firstGrant).toBe(100_000 - 65_535);
    let granted = 0;
    for (let frame = 0; frame < 1_000; frame++) granted += window.take(999);
    expect(999_000 - granted).toBeLessThan(50_000);
    const left = 100_000 - (999_000 - granted);
    expect(() => window.take(left + 1)).toThrow(expect.objectContaining({ code: ErrorCode.FlowControlError }));
  });
});

test("as many reset streams are remembered as may be reset together, twice over", () => {
  const few = new ResetStreams(10);
  const many = new ResetStreams(1_000);
  for (let id = 1; id <= 2 * 1_500; id += 2) for (const streams of [few, many]) streams.add(id);
  expect([few.has(2_999), few.has(2_999 - 2 * 511), few.has(2_999 - 2 * 512)]).toEqual([true, true, false]);
  expect(many.has(1)).toBe(true);
});
