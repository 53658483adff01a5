import { expect, test } from "vitest";
import { maskWord } from "../../../src/protocol/frame/mask.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { PingTrips } from "../../../src/protocol/frame/ping-trips.ts";

const Word = maskWord(Uint8Array.of(0xa1, 0xb2, 0xc3, 0xd4), 0);

/** Both ends, and what took how long. */
function tripsUnderTest() {
  const time = { nowMs: 1_000 };
  const took: number[] = [];
  const trips = new PingTrips(
    () => time.nowMs,
    (ms) => took.push(ms),
  );
  const send = (sender: "client" | "server", opcode: number, text: string): void => {
    const word = sender === "client" ? Word : 0;
    const bytes = Buffer.from(`..${text}.`);
    for (let at = 0; at < text.length; at++) bytes[at + 2]! ^= (word >>> (8 * (at % 4))) & 0xff;
    trips.see(sender, opcode, bytes, 2, 2 + text.length, word);
  };
  return { time, took, send };
}

test.each([
  { asker: "client", answerer: "server", payload: "" },
  { asker: "server", answerer: "client", payload: "" },
  { asker: "client", answerer: "server", payload: "a payload of more than one word" },
  { asker: "server", answerer: "client", payload: "a payload of more than one word" },
] as const)("a Ping of the $asker with '$payload' takes until its Pong", ({ asker, answerer, payload }) => {
  const { time, took, send } = tripsUnderTest();
  send(asker, Opcode.Ping, payload);
  time.nowMs += 7;
  send(answerer, Opcode.Pong, `${payload}!`);
  send(asker, Opcode.Pong, payload);
  send(answerer, Opcode.Text, payload);
  expect(took).toEqual([]);
  time.nowMs += 5;
  send(answerer, Opcode.Pong, payload);
  send(answerer, Opcode.Pong, payload);
  expect(took).toEqual([12]);
});

test("both ends ask at once", () => {
  const { time, took, send } = tripsUnderTest();
  send("client", Opcode.Ping, "x");
  time.nowMs += 1;
  send("server", Opcode.Ping, "x");
  time.nowMs += 10;
  send("server", Opcode.Pong, "x");
  time.nowMs += 10;
  send("client", Opcode.Pong, "x");
  expect(took).toEqual([11, 20]);
});

test("one Ping is followed at a time, and one without an answer gives way after 10 s", () => {
  const { time, took, send } = tripsUnderTest();
  send("client", Opcode.Ping, "first");
  time.nowMs += 9_999;
  send("client", Opcode.Ping, "second");
  send("server", Opcode.Pong, "second");
  expect(took).toEqual([]);
  time.nowMs += 1;
  send("client", Opcode.Ping, "third");
  time.nowMs += 3;
  send("server", Opcode.Pong, "third");
  expect(took).toEqual([3]);
});
