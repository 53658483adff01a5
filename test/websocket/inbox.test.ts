import { expect, test } from "vitest";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import { encodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { textFrame } from "../../src/protocol/frame/frame.ts";
import { ConnectionMachine } from "../../src/protocol/message/connection-machine.ts";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import { Inbox } from "../../src/websocket/inbox.ts";
import { joined } from "../support/bits.ts";

function machine(): ConnectionMachine {
  return new ConnectionMachine({
    role: "client",
    maxMessageBytes: undefined,
    maxFrameBytes: undefined,
    maxFragments: undefined,
    incoming: new Traffic(),
    outgoing: new Traffic(),
  });
}

/** Reads all that is in `inbox`; the texts that come of it. */
function texts(inbox: Inbox): string[] {
  const reader = machine();
  const found: string[] = [];
  while (!inbox.isEmpty) {
    inbox.readFrame(reader);
    const event = reader.takeEvent();
    if (event?.type === "text") found.push(event.text);
  }
  return found;
}

const wire = (...words: string[]): Uint8Array => joined(words.map((word) => encodeFrame(textFrame(word))));

test.each(["call", "kept"] as const)(
  "reads in order what was added, one frame at a time, however long that waits (%s)",
  (lifetime) => {
    const inbox = new Inbox(createMemoryPair({ lifetime }).near);
    const buffer = new Uint8Array(100);
    for (const bytes of [wire("a", "b"), wire("c"), wire("d", "e", "f")]) {
      const passing = lifetime === "call" ? buffer : new Uint8Array(100);
      passing.set(bytes, 10);
      inbox.add(passing, 10, 10 + bytes.length);
      inbox.hold();
      if (lifetime === "call") passing.fill(0xdd);
    }
    expect(texts(inbox)).toEqual(["a", "b", "c", "d", "e", "f"]);
  },
);

test("keeps the peer back exactly while there is something to read", () => {
  const { near } = createMemoryPair();
  const calls: string[] = [];
  near.pause = () => void calls.push("pause");
  near.resume = () => void calls.push("resume");
  const inbox = new Inbox(near);
  const bytes = wire("a");
  expect(inbox.steer()).toBe(false);
  inbox.add(bytes, 0, bytes.length);
  expect([inbox.steer(), inbox.steer(), inbox.isPaused]).toEqual([false, false, true]);
  texts(inbox);
  expect([inbox.steer(), inbox.steer(), inbox.isPaused]).toEqual([true, false, false]);
  expect(calls).toEqual(["pause", "resume"]);
});
