import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeFrame, type Frame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { parseFrameHeader } from "../../../src/protocol/frame/frame-header.ts";
import type { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { hex, joined } from "../../support/bits.ts";
import { CloseMs, openRelay, settled, StallMs, type openLeg } from "../../support/relay-bench.ts";

const MaskKey = hex("5a01fe77");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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
    lingerMs: fc.constantFrom(undefined, 1_000),
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
          else if (step.type === "drain") relay.close(1012, "drain");
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
        relay.close(1012, "drain");
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
