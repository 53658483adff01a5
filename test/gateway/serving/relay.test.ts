import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Relay, type RelayEnding } from "../../../src/gateway/serving/relay.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { hex, joined } from "../../support/bits.ts";
import { DeadlineList } from "../../../src/transport/deadline-list.ts";
import { CloseMs, openLeg, openRelay, send, settled, StallMs, Unlimited } from "../../support/relay-bench.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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
    relay.close(1012, "drain");
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
    const options = { ...Unlimited, closing: new DeadlineList(CloseMs), onEnded: () => undefined };
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
    relay.close(1012, "drain");
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
    const options = { ...Unlimited, closing: new DeadlineList(CloseMs), onEnded };
    new Relay(client.near, upstream.near, { ...options, toUpstream: new Traffic(), toClient: new Traffic() }).start();
    await settled();
    expect(onEnded.mock.calls).toEqual([[{ initiator: "client", code: 1006, cause: "reset" }]]);
    expect(upstream.seen.ending).toEqual({ type: "reset", code: 8 });
  });

  test("is told once, however often it is asked for", async () => {
    const { relay, client, upstream, endings } = openRelay();
    relay.abort();
    relay.abort();
    relay.close(1012, "drain");
    await send(client, hex("81 80 00000000"));
    await send(upstream, hex("88 00"));
    await vi.advanceTimersByTimeAsync(10 * CloseMs);
    expect(endings).toEqual([{ initiator: "gateway", code: 1006, cause: "drain" }]);
  });

  test("comes in time though the client dribbles", async () => {
    const { relay, client, endings } = openRelay();
    relay.close(1012, "drain");
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
      relay.close(1012, "drain");
      await settled();
      keys.add(upstream.received().slice(2, 6).toString());
      relay.abort();
    }
    expect(keys.size).toBeGreaterThan(1);
  });
});
