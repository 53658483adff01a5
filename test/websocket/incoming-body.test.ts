import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { IncomingBody, inOnePart } from "../../src/websocket/incoming-body.ts";
import { settled } from "../support/websocket-peer.ts";

const part = (data: string, isLast = false) => ({ data: new TextEncoder().encode(data), isLast });

test("a body is full from 64 KiB on, until it is read", async () => {
  let wanted = 0;
  const body = new IncomingBody("binary", () => wanted++);
  body.add(part("x".repeat(65_535)));
  expect(body.isFull).toBe(false);
  body.add(part("x"));
  expect(body.isFull).toBe(true);
  await settled();
  const before = wanted;
  body.message.body.read();
  expect([body.isFull, wanted > before]).toEqual([false, true]);
});

test("empty parts neither end it nor fill it", async () => {
  const body = new IncomingBody("text", () => {});
  body.add(part(""));
  body.add(part("a"));
  body.add(part(""));
  expect(body.isComplete).toBe(false);
  body.add(part("", true));
  expect(body.isComplete).toBe(true);
  expect(await text(body.message.body)).toBe("a");
});

test("one that is destroyed wants the rest, and drops it", () => {
  let wanted = 0;
  const body = new IncomingBody("binary", () => wanted++);
  body.add(part("x".repeat(100_000)));
  expect(body.isFull).toBe(true);
  body.message.body.destroy();
  body.add(part("x".repeat(100_000)));
  expect([body.isFull, wanted]).toEqual([false, 1]);
});

test("one that fails tells its reader why, and one that is complete does not fail", async () => {
  const broken = new IncomingBody("text", () => {});
  broken.add(part("begun"));
  const failed = text(broken.message.body).catch((error: unknown) => error);
  broken.fail(new Error("the peer has left"));
  expect(await failed).toEqual(new Error("the peer has left"));
  const whole = new IncomingBody("text", () => {});
  whole.add(part("all", true));
  whole.fail(new Error("too late"));
  expect(await text(whole.message.body)).toBe("all");
});

test.each([
  { message: "€", type: "text" },
  { message: new Uint8Array(100_000).fill(0x61), type: "binary" },
  { message: "", type: "text" },
])("a whole message is one of a single part: $type", async ({ message, type }) => {
  const one = inOnePart(message);
  expect(one.type).toBe(type);
  expect(await text(one.body)).toBe(typeof message === "string" ? message : "a".repeat(100_000));
});
