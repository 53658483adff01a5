import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { inOnePart } from "../../src/websocket/incoming-body.ts";
import { MessageQueue } from "../../src/websocket/message-queue.ts";

describe("it is full", () => {
  test.each([
    { name: "with 64 messages", messages: Array.from({ length: 64 }, () => "x"), held: 0, full: true },
    { name: "not with 63", messages: Array.from({ length: 63 }, () => "x"), held: 0, full: false },
    { name: "with 64 KiB", messages: [new Uint8Array(65_536)], held: 0, full: true },
    { name: "not with a byte less", messages: [new Uint8Array(65_535)], held: 0, full: false },
    { name: "with what is held of the next message", messages: [new Uint8Array(65_000)], held: 536, full: true },
  ])("$name", ({ messages, held, full }) => {
    const queue = new MessageQueue();
    for (const message of messages) queue.add(message);
    expect(queue.isFull(held)).toBe(full);
  });

  test("never while somebody waits, and not any more when enough was taken", async () => {
    const queue = new MessageQueue();
    void queue.receive({});
    expect(queue.isFull(1_000_000)).toBe(false);
    queue.add("taken");
    queue.add(new Uint8Array(65_536));
    expect(queue.isFull(0)).toBe(true);
    await queue.receive({});
    expect(queue.isFull(0)).toBe(false);
  });
});

describe("those who wait", () => {
  test("are served in their order, each in its way", async () => {
    const queue = new MessageQueue();
    const whole = queue.receive({});
    expect(queue.wantsParts).toBe(false);
    const parts = queue.receiveStream({});
    queue.add("one");
    expect(queue.wantsParts).toBe(true);
    queue.begin(inOnePart("two"));
    expect(queue.wantsParts).toBe(false);
    expect(await whole).toBe("one");
    expect(await text((await parts)!.body)).toBe("two");
  });

  test("get a whole message as one part where that is what there is", async () => {
    const queue = new MessageQueue();
    const waiting = queue.receiveStream({});
    queue.add("compressed");
    queue.add(Uint8Array.of(0x62));
    expect(await text((await waiting)!.body)).toBe("compressed");
    const { type, body } = (await queue.receiveStream({}))!;
    expect([type, await text(body)]).toEqual(["binary", "b"]);
  });

  test("get nothing at the end; what waits can still be had, but not after clear", async () => {
    const queue = new MessageQueue();
    const waiting = [queue.receive({}), queue.receiveStream({})];
    queue.end();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    const other = new MessageQueue();
    other.add("a");
    other.add("b");
    other.end();
    expect(await other.receive({})).toBe("a");
    other.clear();
    expect(await other.receive({})).toBeUndefined();
  });

  test("and nobody who wants parts: a message that begins in parts is dropped", () => {
    const queue = new MessageQueue();
    const message = inOnePart("nobody");
    queue.begin(message);
    expect(message.body.destroyed).toBe(true);
  });
});
