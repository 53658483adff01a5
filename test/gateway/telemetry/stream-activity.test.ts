import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { StreamActivity } from "../../../src/gateway/telemetry/stream-activity.ts";
import { StreamRegistry, type StreamRecord } from "../../../src/gateway/telemetry/stream-registry.ts";

const Chat = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  onTestFinished(() => void vi.useRealTimers());
});

function setUp() {
  const now = () => Date.now();
  const streams = new StreamRegistry({ now });
  const activity = new StreamActivity(streams, now);
  return { streams, activity, record: streams.open(Chat) };
}

/** Ten messages of 100 bytes each way, so often. */
function pass({ toUpstream, toClient }: StreamRecord): void {
  toUpstream.bytes += 1_000;
  toUpstream.text += 10;
  toClient.bytes += 500;
  toClient.binary += 5;
}

describe("rates", () => {
  test("are of the time since the opening at first, and follow what passes then", () => {
    const { activity, record } = setUp();
    pass(record);
    vi.advanceTimersByTime(2_000);
    activity.ask();
    expect(activity.ratesOf(record)).toMatchObject({
      bytesToUpstream: 500,
      messagesToUpstream: 5,
      bytesToClient: 250,
      messagesToClient: 2.5,
    });
    for (let second = 0; second < 20; second++) {
      pass(record);
      vi.advanceTimersByTime(1_000);
    }
    expect(activity.ratesOf(record).bytesToUpstream).toBeCloseTo(1_000, -1);
    expect(activity.ratesOf(record).messagesToClient).toBeCloseTo(5, 1);
  });

  test("go down to nothing when nothing passes", () => {
    const { activity, record } = setUp();
    pass(record);
    vi.advanceTimersByTime(1_000);
    activity.ask();
    vi.advanceTimersByTime(5_000);
    expect(activity.ratesOf(record).bytesToUpstream).toBeLessThan(200);
    vi.advanceTimersByTime(60_000);
    expect(activity.ratesOf(record)).toMatchObject({
      bytesToUpstream: 0,
      messagesToUpstream: 0,
      bytesToClient: 0,
      messagesToClient: 0,
    });
  });
});

describe("the time since something passed", () => {
  test("is nobody's where nothing ever did", () => {
    const { activity, record } = setUp();
    vi.advanceTimersByTime(60_000);
    expect(activity.tryIdleMs(record, Date.now())).toBeUndefined();
  });

  test("is known within a second while somebody asks", () => {
    const { activity, record } = setUp();
    activity.ask();
    vi.advanceTimersByTime(3_500);
    pass(record);
    expect(activity.tryIdleMs(record, Date.now())).toBe(0);
    vi.advanceTimersByTime(20_000);
    expect(activity.tryIdleMs(record, Date.now())).toBeGreaterThan(18_999);
    expect(activity.tryIdleMs(record, Date.now())).toBeLessThan(20_001);
  });

  test("is known within ten seconds where nobody had asked", () => {
    const { activity, record } = setUp();
    pass(record);
    vi.advanceTimersByTime(60_000);
    activity.ask();
    expect(activity.tryIdleMs(record, Date.now())).toBeGreaterThanOrEqual(50_000);
    expect(activity.tryIdleMs(record, Date.now())).toBeLessThanOrEqual(60_000);
  });
});

describe("all streams are looked at", () => {
  test.each([
    { who: "nobody asks", asks: false, looks: 6 },
    { who: "somebody asks", asks: true, looks: 60 },
  ])("$looks times a minute where $who", ({ asks, looks }) => {
    const { activity, streams } = setUp();
    if (asks) activity.ask();
    const sweeps = vi.fn<() => void>();
    const live = new Set(streams.live);
    vi.spyOn(streams, "live", "get").mockImplementation(() => {
      sweeps();
      return live;
    });
    vi.advanceTimersByTime(60_000);
    expect(sweeps).toHaveBeenCalledTimes(looks);
  });

  test("no more when there are none, and again when one comes", () => {
    const { streams, record } = setUp();
    record.close({ initiator: "client", code: 1_000, cause: "close-frame" });
    expect(vi.getTimerCount()).toBe(0);
    streams.open(Chat);
    expect(vi.getTimerCount()).toBe(1);
  });
});
