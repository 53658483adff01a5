import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Relay, type RelayEnding } from "../../../src/gateway/serving/relay.ts";
import { closeFrame, type Frame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { parseFrameHeader } from "../../../src/protocol/frame/frame-header.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import type { StreamEnding } from "../../../src/transport/byte-stream.ts";
import { createMemoryPair, type MemoryPairOptions } from "../../../src/transport/memory-byte-stream.ts";
import { hex, joined } from "../../support/bits.ts";

const CloseMs = 5_000;
const StallMs = 60_000;
const MaskKey = hex("5a01fe77");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One end of the network: sends what it is told to, keeps what it gets. */
function openLeg(options: MemoryPairOptions) {
  const { near, far } = createMemoryPair(options);
  const chunks: Uint8Array[] = [];
  const seen = { ended: false, ending: undefined as StreamEnding | undefined };
  far.start({
    onBytes: (bytes, start, end) => void chunks.push(bytes.slice(start, end)),
    onDrain: () => undefined,
    onEnd: () => void (seen.ended = true),
    onClose: (ending) => void (seen.ending = ending),
  });
  return { near, far, seen, received: () => joined(chunks) };
}

function openRelay(options: MemoryPairOptions & { readonly allowedRsv?: number } = {}) {
  const client = openLeg(options);
  const upstream = openLeg(options);
  const toUpstream = new Traffic();
  const toClient = new Traffic();
  const endings: RelayEnding[] = [];
  const relay = new Relay(client.near, upstream.near, {
    allowedRsv: options.allowedRsv ?? 0,
    closeMs: CloseMs,
    stallMs: StallMs,
    toUpstream,
    toClient,
    onEnded: (ending) => void endings.push(ending),
  });
  relay.start();
  return { relay, client, upstream, toUpstream, toClient, endings };
}

function send({ far }: ReturnType<typeof openLeg>, ...wires: readonly Uint8Array[]): Promise<unknown> {
  for (const wire of wires) far.write(wire, 0, wire.length, "kept");
  return settled();
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe("what is relayed", () => {
  test("goes both ways unchanged, and is counted in the direction it goes", async () => {
    const { client, upstream, toUpstream, toClient } = openRelay();
    const question = hex("81 85 01020304 69676f6b6e   89 80 01020304");
    const answer = hex("8a 00   02 01 aa   80 01 bb");
    await send(client, question);
    await send(upstream, answer);
    expect(upstream.received()).toEqual(question);
    expect(client.received()).toEqual(answer);
    expect(toUpstream).toMatchObject({ bytes: question.length, text: 1, ping: 1, close: 0 });
    expect(toClient).toMatchObject({ bytes: answer.length, pong: 1, binary: 1, continuation: 1 });
  });

  test("counts the gateway's own Closes, and nothing that was only read", async () => {
    const { relay, client, upstream, toUpstream, toClient, endings } = openRelay();
    relay.close(1012);
    await send(client, hex("81 80 00000000   88 80 00000000"));
    await send(upstream, hex("81 00   88 00"));
    upstream.far.end();
    client.far.end();
    await settled();
    expect(endings).toEqual([{ initiator: "gateway", code: 1012, cause: "drain" }]);
    expect(client.received()).toEqual(hex("88 02 03f4"));
    expect(toClient).toMatchObject({ bytes: 4, close: 1, text: 0 });
    expect(toUpstream).toMatchObject({ bytes: 8, close: 1, text: 0 });
  });

  test("may carry the RSV bits that were negotiated, both ways", async () => {
    const { client, upstream } = openRelay({ allowedRsv: 0b100 });
    await send(client, hex("c1 80 00000000"));
    await send(upstream, hex("c1 00"));
    expect(upstream.received()).toEqual(hex("c1 80 00000000"));
    expect(client.received()).toEqual(hex("c1 00"));
  });

  test("is what came before the start, too", async () => {
    const client = openLeg({});
    const upstream = openLeg({});
    await send(client, hex("81 80 00000000"));
    await send(upstream, hex("81 00"));
    const options = { allowedRsv: 0, closeMs: CloseMs, stallMs: StallMs, onEnded: () => undefined };
    new Relay(client.near, upstream.near, { ...options, toUpstream: new Traffic(), toClient: new Traffic() }).start();
    await settled();
    expect(upstream.received()).toEqual(hex("81 80 00000000"));
    expect(client.received()).toEqual(hex("81 00"));
  });

  test("never waits here in more than one read beyond the high-water mark, and holds the sender back", async () => {
    const { client, upstream, endings } = openRelay({ highWaterBytes: 1_000, chunkBytes: 100 });
    client.far.pause();
    const frame = encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(700) });
    for (let round = 0; round < 50; round++) await send(upstream, frame);
    expect(client.near.bufferedBytes).toBeGreaterThanOrEqual(1_000);
    expect(client.near.bufferedBytes).toBeLessThan(1_100);
    expect(upstream.far.bufferedBytes).toBeGreaterThan(30_000);
    client.far.resume();
    await settled();
    expect(client.received()).toHaveLength(50 * frame.length);
    expect(vi.getTimerCount()).toBe(0);
    expect(endings).toEqual([]);
  });

  test("does not wait for the other direction", async () => {
    const { client, upstream } = openRelay({ highWaterBytes: 10 });
    client.far.pause();
    await send(upstream, encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(100) }));
    await send(client, hex("81 80 00000000"));
    expect(upstream.received()).toEqual(hex("81 80 00000000"));
  });

  test("needs no timer while nothing stalls and nothing closes", async () => {
    const { client, upstream, endings } = openRelay();
    await send(client, hex("81 80 00000000"));
    await send(upstream, hex("81 00"));
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(endings).toEqual([]);
  });
});

describe("the end", () => {
  test.each([
    { after: "the upstream's Close", first: "upstream" as const },
    { after: "the client's Close", first: "client" as const },
  ])("after $after: ours goes to the client at once, to the upstream behind its own", async ({ first }) => {
    const { client, upstream } = openRelay();
    const closes = { client: hex("88 80 00000000"), upstream: hex("88 00") };
    await send(first === "client" ? client : upstream, closes[first]);
    expect([client.seen.ended, upstream.seen.ended]).toEqual([false, false]);
    await send(first === "client" ? upstream : client, closes[first === "client" ? "upstream" : "client"]);
    expect([client.seen.ended, upstream.seen.ended]).toEqual([true, false]);
    upstream.far.end();
    await settled();
    expect(upstream.seen.ending).toEqual({ type: "ended" });
  });

  test("comes to the upstream after its answer also where the client ends instead of answering", async () => {
    const { relay, client, upstream, endings } = openRelay();
    relay.close(1012);
    client.far.end();
    await settled();
    expect([client.seen.ended, upstream.seen.ended]).toEqual([true, false]);
    await send(upstream, hex("88 00"));
    upstream.far.end();
    await settled();
    expect(endings).toEqual([{ initiator: "gateway", code: 1012, cause: "drain" }]);
  });

  test("lets nothing pass to a client that ended without a Close, nor counts it", async () => {
    const { client, upstream, toClient } = openRelay();
    client.far.pause();
    client.far.end();
    await settled();
    await send(upstream, hex("81 00   88 00"));
    client.far.resume();
    await settled();
    expect(client.received()).toHaveLength(0);
    expect(toClient).toMatchObject({ bytes: 0, text: 0, close: 0 });
    upstream.far.end();
    await settled();
    expect(upstream.seen.ending).toEqual({ type: "ended" });
  });

  test("is up to closeMs once it has begun: who takes nothing then may still wake up", async () => {
    const { client, upstream, endings } = openRelay({ highWaterBytes: 10 });
    client.far.pause();
    const frame = encodeFrame({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(100) });
    await send(upstream, frame.subarray(0, 50));
    await vi.advanceTimersByTimeAsync(StallMs - 1);
    await send(client, hex("88 80 00000000"));
    await vi.advanceTimersByTimeAsync(CloseMs - 1);
    expect(client.seen.ending).toBeUndefined();
    client.far.resume();
    await send(upstream, frame.subarray(50), hex("88 00"));
    upstream.far.end();
    client.far.end();
    await settled();
    expect(client.received()).toEqual(joined([frame, hex("88 00")]));
    expect(endings).toEqual([{ initiator: "client", code: 1005, cause: "close-frame" }]);
  });

  test("finds a client that left before the start", async () => {
    const client = openLeg({});
    const upstream = openLeg({});
    client.far.abort("cancel");
    const onEnded = vi.fn<(ending: RelayEnding) => void>();
    const options = { allowedRsv: 0, closeMs: CloseMs, stallMs: StallMs, onEnded };
    new Relay(client.near, upstream.near, { ...options, toUpstream: new Traffic(), toClient: new Traffic() }).start();
    await settled();
    expect(onEnded.mock.calls).toEqual([[{ initiator: "client", code: 1006, cause: "reset" }]]);
    expect(upstream.seen.ending).toEqual({ type: "reset", code: 8 });
  });

  test("is told once, however often it is asked for", async () => {
    const { relay, client, upstream, endings } = openRelay();
    relay.abort();
    relay.abort();
    relay.close(1012);
    await send(client, hex("81 80 00000000"));
    await send(upstream, hex("88 00"));
    await vi.advanceTimersByTimeAsync(10 * CloseMs);
    expect(endings).toEqual([{ initiator: "gateway", code: 1006, cause: "drain" }]);
  });

  test("comes in time though the client dribbles", async () => {
    const { relay, client, endings } = openRelay();
    relay.close(1012);
    for (let waited = 0; waited < 2 * CloseMs; waited += 500) {
      expect(endings).toEqual([]);
      await send(client, hex("81"));
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(endings).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("masks each Close of ours to the upstream with a key of its own", async () => {
    const keys = new Set<string>();
    for (let round = 0; round < 8; round++) {
      const { relay, upstream } = openRelay();
      relay.close(1012);
      await settled();
      keys.add(upstream.received().slice(2, 6).toString());
      relay.abort();
    }
    expect(keys.size).toBeGreaterThan(1);
  });
});

/** What a peer sends: `valid` frames, its Close perhaps the last of them, and then something no peer may send. */
interface Script {
  readonly valid: readonly Uint8Array[];
  readonly wire: Uint8Array;
}

const anyMessage = fc
  .array(fc.record({ payload: fc.uint8Array({ maxLength: 300 }), ping: fc.boolean() }), { minLength: 1, maxLength: 3 })
  .map((fragments) =>
    fragments.flatMap(({ payload, ping }, index): Frame[] => {
      const fragment: Frame = { fin: index === fragments.length - 1, rsv: 0, opcode: index === 0 ? 2 : 0, payload };
      return ping ? [{ fin: true, rsv: 0, opcode: 9, payload: payload.subarray(0, 125) }, fragment] : [fragment];
    }),
  );
const offences = [
  hex("83 80 00000000 00"),
  hex("09 80 01020304 00"),
  hex("88 81 00000000 03"),
  hex("82 fe 0001 00000000"),
];
const anyTail = fc.oneof(
  fc.constant({ close: [], rest: hex("") }),
  fc.constant({ close: [closeFrame(1000, "bye")], rest: hex("81 80 00000000") }),
  fc.constantFrom(...offences).map((rest) => ({ close: [], rest })),
);

const anyScript = (maskKey: Uint8Array | undefined): fc.Arbitrary<Script> =>
  fc.tuple(fc.array(anyMessage, { maxLength: 4 }), anyTail).map(([messages, { close, rest }]) => {
    const valid = [...messages.flat(), ...close].map((frame) => encodeFrame(frame, { maskKey }));
    return { valid, wire: joined([...valid, rest]) };
  });

type Side = "client" | "upstream";
type Step =
  | { readonly type: "send"; readonly side: Side; readonly bytes: number }
  | { readonly type: "end" | "reset" | "lose" | "pause" | "resume"; readonly side: Side }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "drain" }
  | { readonly type: "abort" };

const anySide = fc.constantFrom<Side>("client", "upstream");
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant("send" as const),
      side: anySide,
      bytes: fc.integer({ min: 1, max: 400 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom("pause" as const, "resume" as const), side: anySide }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom("end" as const, "reset" as const, "lose" as const), side: anySide }),
  },
  { weight: 2, arbitrary: fc.constantFrom(1, CloseMs, StallMs).map((ms) => ({ type: "wait" as const, ms })) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ type: "drain" }, { type: "abort" }) },
);

/** The frames in `wire`, and what of another stands behind them. */
function framesOf(wire: Uint8Array): { whole: Uint8Array[]; tail: Uint8Array } {
  const whole: Uint8Array[] = [];
  let rest = wire;
  for (;;) {
    const header = parseFrameHeader(rest);
    const length = header === undefined ? Infinity : header.headerLength + header.payloadLength;
    if (rest.length < length) return { whole, tail: rest };
    whole.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
}

const isClose = (frame: Uint8Array | undefined): boolean => frame !== undefined && (frame[0]! & 0x0f) === 8;

/** What one leg received is the beginning of what the other may say, perhaps with one Close of ours for its end. */
function checkReceived(leg: ReturnType<typeof openLeg>, valid: readonly Uint8Array[], counted: Traffic): void {
  const { whole, tail } = framesOf(leg.received());
  const own = whole.findIndex((frame, index) => !Buffer.from(frame).equals(valid[index] ?? hex("")));
  const relayed = own === -1 ? whole : whole.slice(0, own);
  expect(relayed).toEqual(valid.slice(0, relayed.length));
  expect(whole.slice(relayed.length).map(isClose)).toEqual(own === -1 ? [] : [true]);
  expect(whole.filter(isClose).length).toBeLessThanOrEqual(1);
  const closed = whole.findIndex(isClose);
  expect(closed === -1 || (closed === whole.length - 1 && tail.length === 0)).toBe(true);
  // A frame cut off, or our Close; one of ours has the same first byte as one of the peer's.
  const begun = tail[0] === 0x88 ? tail : (valid[relayed.length] ?? hex("")).subarray(0, tail.length);
  expect(tail).toEqual(begun);
  expect(leg.seen.ended && tail.length > 0).toBe(false);
  expect(counted.bytes).toBeGreaterThanOrEqual(leg.received().length);
  expect(leg.seen.ended && counted.bytes !== leg.received().length).toBe(false);
}

test("whatever two peers do, in whatever order, both see the beginning of what was said, and it ends in time", async () => {
  const anyPair = fc.record({
    highWaterBytes: fc.integer({ min: 1, max: 500 }),
    chunkBytes: fc.integer({ min: 1, max: 300 }),
    lifetime: fc.constantFrom("call" as const, "kept" as const),
  });
  await fc.assert(
    fc.asyncProperty(
      anyPair,
      anyScript(MaskKey),
      anyScript(undefined),
      fc.array(anyStep, { maxLength: 40 }),
      async (pair, fromClient, fromUpstream, steps) => {
        const { relay, client, upstream, toUpstream, toClient, endings } = openRelay(pair);
        const legs = {
          client: { leg: client, wire: fromClient.wire },
          upstream: { leg: upstream, wire: fromUpstream.wire },
        };
        const act = async (step: Step): Promise<void> => {
          if (step.type === "wait") await vi.advanceTimersByTimeAsync(step.ms);
          else if (step.type === "drain") relay.close(1012);
          else if (step.type === "abort") relay.abort();
          else {
            const at = legs[step.side];
            const { far } = at.leg;
            if (step.type === "send") {
              const piece = at.wire.subarray(0, step.bytes);
              at.wire = at.wire.subarray(step.bytes);
              far.write(piece, 0, piece.length, "kept");
            } else if (step.type === "reset") far.abort("cancel");
            else if (step.type === "lose") far.loseConnection();
            else far[step.type]();
          }
        };
        for (const step of steps) {
          await act(step);
          // One microtask: events of the two legs meet in the middle of each other's consequences.
          await Promise.resolve();
          const bound = pair.highWaterBytes + pair.chunkBytes + 150;
          expect(Math.max(client.near.bufferedBytes, upstream.near.bufferedBytes)).toBeLessThan(bound);
        }
        await settled();
        relay.close(1012);
        await vi.advanceTimersByTimeAsync(2 * CloseMs);
        expect(endings).toHaveLength(1);
        expect(vi.getTimerCount()).toBe(0);
        client.far.resume();
        upstream.far.resume();
        await settled();
        expect(client.seen.ending).toBeDefined();
        expect(upstream.seen.ending).toBeDefined();
        checkReceived(upstream, fromClient.valid, toUpstream);
        checkReceived(client, fromUpstream.valid, toClient);
      },
    ),
    { numRuns: 500 },
  );
});
