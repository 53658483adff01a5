import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { SeenFrame } from "../../../src/protocol/frame/frame-tap.ts";
import { FrameListeners } from "../../../src/gateway/telemetry/frame-listeners.ts";
import type { SeenStream, StreamWatch } from "../../../src/gateway/telemetry/seen-streams.ts";
import type { FrameView } from "../../../src/gateway/telemetry/stream-view.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";

const Ping: SeenFrame = { fin: true, rsv: 0, opcode: 9, payloadLength: 0, beginning: undefined };
const Text: SeenFrame = { ...Ping, opcode: 1, payloadLength: 5, beginning: new TextEncoder().encode("hello") };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  onTestFinished(() => void vi.useRealTimers());
});

/** A stream that remembers each of its watchers. */
function watchedStream(tail?: SeenStream["tail"]) {
  const watches: (StreamWatch | undefined)[] = [];
  const facts = { route: "r", upstream: "u", protocol: "h1", connectionId: 1, streamId: 0 } as const;
  const stream: SeenStream = {
    record: new StreamRegistry().open(facts),
    listener: "main",
    client: "127.0.0.1",
    subprotocol: undefined,
    extensions: undefined,
    moment: { state: "open", bufferedToUpstream: 0, bufferedToClient: 0, sendWindow: null },
    tail,
    watch: (watch) => void watches.push(watch),
    closeAs: () => undefined,
  };
  const frames = new FrameListeners(stream, () => Date.now());
  const pass = (frame: SeenFrame, times = 1) => {
    for (let time = 0; time < times; time++) watches.at(-1)?.toUpstream.tell(frame);
  };
  return { frames, watches, pass };
}

function listener() {
  const told: FrameView[] = [];
  const onEnd = vi.fn<() => void>();
  return { told, onEnd, listen: (some: readonly FrameView[]) => void told.push(...some) };
}

describe("who listens to the frames of a stream", () => {
  test("is told of them, each by itself, until it is enough", () => {
    const { frames, watches, pass } = watchedStream();
    const [one, other] = [listener(), listener()];
    const end = frames.listen(false, one.listen, one.onEnd);
    pass(Ping);
    frames.listen(false, other.listen, other.onEnd);
    pass(Text);
    vi.advanceTimersByTime(50);
    end();
    pass(Ping);
    vi.advanceTimersByTime(50);
    const at = 1_000_000;
    const ping = { at, direction: "to-upstream", opcode: "ping", fin: true, rsv: 0, payloadBytes: 0 };
    const text = { ...ping, opcode: "text", payloadBytes: 5 };
    expect(one.told).toEqual([ping, text]);
    expect(other.told).toEqual([text, { ...ping, at: at + 50 }]);
    // The stream was told once that somebody listens.
    expect(watches).toHaveLength(1);
    expect(one.onEnd).not.toHaveBeenCalled();
  });

  test("leaves the stream alone when nobody is left", () => {
    const { frames, watches } = watchedStream();
    const [one, other] = [listener(), listener()];
    const ends = [frames.listen(false, one.listen, one.onEnd), frames.listen(true, other.listen, other.onEnd)];
    for (const end of [...ends, ...ends]) end();
    expect(watches.at(-1)).toBeUndefined();
    expect(frames.isEmpty).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is told how many frames came faster than they are told", () => {
    const { frames, pass } = watchedStream();
    const { told, onEnd, listen } = listener();
    frames.listen(false, listen, onEnd);
    pass(Ping, 699);
    pass(Text);
    vi.advanceTimersByTime(50);
    // The last one too, so that it is seen when nothing comes behind.
    expect(told.slice(499)).toMatchObject([{ opcode: "ping" }, { opcode: "text", missed: 199 }]);
    pass(Text, 2);
    vi.advanceTimersByTime(50);
    expect(told.slice(501).map(({ missed }) => missed)).toEqual([undefined, undefined]);
    pass(Ping, 501);
    frames.end();
    expect(told.slice(503)).toHaveLength(501);
    expect(told.at(-1)).not.toHaveProperty("missed");
  });

  test("is told at the end what waits, and that it is the end", () => {
    const { frames, pass } = watchedStream();
    const { told, onEnd, listen } = listener();
    const end = frames.listen(false, listen, onEnd);
    pass(Ping);
    frames.end();
    end();
    expect(told).toHaveLength(1);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });
});

describe("the beginning of a text", () => {
  test.each([
    { what: "is shown to who wants it, where the route allows it", tail: true, wants: true, shown: "he" },
    { what: "is not shown to who does not", tail: true, wants: false, shown: undefined },
    { what: "is not shown where the route does not allow it", tail: false, wants: true, shown: undefined },
  ])("$what", ({ tail, wants, shown }) => {
    const { frames, watches, pass } = watchedStream(tail ? { preview: 2, mask: [] } : undefined);
    const { told, onEnd, listen } = listener();
    frames.listen(wants, listen, onEnd);
    pass(Text);
    vi.advanceTimersByTime(50);
    expect(told.map(({ preview }) => preview)).toEqual([shown]);
    expect(watches[0]?.toClient.textBytes).toBe(tail && wants ? 2 * 4 + 4_096 : 0);
  });

  test("is shown to one of two who wants it", () => {
    const { frames, pass } = watchedStream({ preview: 2, mask: [] });
    const [one, other] = [listener(), listener()];
    frames.listen(false, one.listen, one.onEnd);
    frames.listen(true, other.listen, other.onEnd);
    pass(Text);
    vi.advanceTimersByTime(50);
    expect([one.told[0]?.preview, other.told[0]?.preview]).toEqual([undefined, "he"]);
  });
});
