import { describe, expect, test } from "vitest";
import { HawserH2Engine } from "../../../src/transport/hawser-h2.ts";
import { UnreadBytes } from "../../../src/transport/h2/unread-bytes.ts";
import { acceptStream, goAwaysOf } from "../../support/hawser-serving.ts";
import { Flag, FrameType, rawFrame, type RawH2Client } from "../../support/raw-h2.ts";
import { serveConnection, type ServedConnection, type ServingOptions } from "../../support/serving-engine.ts";

const EnhanceYourCalm = 11;

/** Streams by name and what each holds; who is given up has none. */
function holders(all: UnreadBytes, maxBytes: number) {
  const held = new Map<string, number>();
  const givenUp: string[] = [];
  const unread = all.of(maxBytes, () => {
    const [worst] = [...held].toSorted(([, one], [, other]) => other - one);
    if (worst === undefined) return false;
    const [name, bytes] = worst;
    held.delete(name);
    givenUp.push(name);
    unread.change(-bytes);
    return true;
  });
  const hold = (name: string, bytes: number) => {
    held.set(name, (held.get(name) ?? 0) + bytes);
    unread.change(bytes);
  };
  return { hold, givenUp, unread };
}

describe("what is unread", () => {
  test("costs the worst stream of a connection that holds too much", () => {
    const { hold, givenUp, unread } = holders(new UnreadBytes(1_000), 100);
    hold("small", 10);
    hold("large", 50);
    hold("other", 40);
    expect(givenUp).toEqual([]);
    hold("small", 1);
    expect([givenUp, unread.bytes]).toEqual([["large"], 51]);
    hold("small", -11);
    hold("huge", 500);
    expect([givenUp, unread.bytes]).toEqual([["large", "huge"], 40]);
  });

  test("costs the worst connection where all hold too much", () => {
    let told = 0;
    const all = new UnreadBytes(100);
    all.onGivenUp = () => told++;
    const one = holders(all, 90);
    const other = holders(all, 90);
    one.hold("a", 30);
    one.hold("b", 25);
    other.hold("c", 45);
    expect([one.givenUp, other.givenUp, told]).toEqual([[], [], 0]);
    other.hold("c", 1);
    expect([one.givenUp, other.givenUp, told]).toEqual([["a"], [], 1]);
    one.hold("b", -25);
    other.hold("c", -46);
    one.hold("a", 90);
    expect(told).toBe(1);
  });

  test("costs nobody anything where nobody can be given up", () => {
    const unread = new UnreadBytes(10).of(10, () => false);
    unread.change(1_000);
    unread.change(-1_000);
    expect(unread.bytes).toBe(0);
  });
});

describe("over HTTP/2", () => {
  /** Streams that nobody reads. */
  async function stalled(served: ServedConnection, ids: readonly number[]) {
    const streams = new Map<number, Awaited<ReturnType<typeof acceptStream>>>();
    for (const id of ids) {
      const accepted = await acceptStream(served, id);
      accepted.stream.pause();
      streams.set(id, accepted);
    }
    return streams;
  }

  const send = (client: RawH2Client, id: number, bytes: number) =>
    client.send(rawFrame(FrameType.Data, Flag.None, id, Buffer.alloc(bytes)));

  const serve = (unread: UnreadBytes, options?: ServingOptions) =>
    serveConnection((http2, deadlines, headers) => new HawserH2Engine(http2, deadlines, headers, unread), options);

  test("a stream that nobody reads is reset where its connection holds too much, and its neighbours live", async () => {
    const served = await serve(new UnreadBytes(), { http2: { connectionWindowBytes: 65_535 } });
    const { client } = served;
    const streams = await stalled(served, [1, 3, 5, 7, 9]);
    for (const id of [1, 3, 5, 7]) send(client, id, 16_000);
    send(client, 3, 300);
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream)).toEqual([]);
    send(client, 9, 3_000);
    expect(await client.resetCode(3)).toBe(EnhanceYourCalm);
    const { observer } = streams.get(3)!;
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: EnhanceYourCalm });
    // The connection's window was given back for all that came.
    for (let part = 0; part < 10; part++) {
      send(client, 9, 16_000);
      streams.get(9)!.stream.resume();
      await client.roundTrip();
    }
    expect(streams.get(9)!.observer.receivedBytes).toBe(163_000);
    expect(client.framesOf(FrameType.RstStream)).toHaveLength(1);
    expect(goAwaysOf(client)).toEqual([]);
  });

  test("the connection that holds most pays where all hold too much, and one that is gone holds nothing", async () => {
    const unread = new UnreadBytes(100_000);
    let told = 0;
    unread.onGivenUp = () => told++;
    const one = await serve(unread);
    const other = await serve(unread);
    await stalled(one, [1]);
    await stalled(other, [1]);
    for (let part = 0; part < 3; part++) send(one.client, 1, 16_000);
    await one.client.roundTrip();
    for (let part = 0; part < 4; part++) send(other.client, 1, 15_000);
    expect(await other.client.resetCode(1)).toBe(EnhanceYourCalm);
    expect([told, one.client.framesOf(FrameType.RstStream)]).toEqual([1, []]);
    one.client.socket.destroy();
    await one.sink.until("onClose", () => one.closes() === 1);
    await stalled(other, [3, 5]);
    for (const id of [3, 5]) for (let part = 0; part < 3; part++) send(other.client, id, 16_000);
    await other.client.roundTrip();
    expect(told).toBe(1);
  });
});
