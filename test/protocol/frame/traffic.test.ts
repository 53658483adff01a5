import { expect, test } from "vitest";
import { MessageSizes } from "../../../src/protocol/frame/message-sizes.ts";
import { countFragment, countFrame, goOn, heldMsOf, holdBack, Traffic } from "../../../src/protocol/frame/traffic.ts";

test("traffic counts each frame under its opcode, and reserved ones nowhere", () => {
  const traffic = new Traffic();
  for (const opcode of [0, 1, 1, 2, 2, 2, 3, 8, 9, 10, 15]) countFrame(traffic, opcode);
  expect(traffic).toMatchObject({ bytes: 0, continuation: 1, text: 2, binary: 3, close: 1, ping: 1, pong: 1 });
});

test("the size of a message is that of all its fragments, and counts with the last of them", () => {
  const sizes = new MessageSizes();
  const [traffic, other] = [new Traffic(sizes), new Traffic(sizes)];
  countFragment(traffic, true, 10);
  countFragment(traffic, false, 60);
  countFragment(other, true, 3);
  countFragment(traffic, false, 0);
  expect([sizes.sum, sizes.counts[0], sizes.counts[1]]).toEqual([13, 2, 0]);
  countFragment(traffic, true, 5);
  expect([sizes.sum, sizes.counts[0], sizes.counts[1]]).toEqual([78, 2, 1]);
  countFragment(traffic, true, 1);
  expect(sizes.sum).toBe(79);
});

test("sizes are not asked for by everybody", () => {
  expect(() => countFragment(new Traffic(), true, 10)).not.toThrow();
});

test("the time that a sender is held back counts while it is, and once where it is told twice", () => {
  const traffic = new Traffic();
  expect(heldMsOf(traffic, 100)).toBe(0);
  holdBack(traffic, 100);
  holdBack(traffic, 120);
  expect(heldMsOf(traffic, 130)).toBe(30);
  goOn(traffic, 150);
  goOn(traffic, 160);
  expect(heldMsOf(traffic, 200)).toBe(50);
  holdBack(traffic, 200);
  expect(heldMsOf(traffic, 205)).toBe(55);
});
