import { expect, test } from "vitest";
import { MessageSizeEdges, MessageSizes } from "../../../src/protocol/frame/message-sizes.ts";

/** Where a message of `bytes` is counted. */
function placeOf(bytes: number): number {
  const sizes = new MessageSizes();
  sizes.add(bytes);
  return sizes.counts.indexOf(1);
}

test("the edges go from 64 bytes to 16 MiB, each four times the one before", () => {
  expect(MessageSizeEdges).toEqual([64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]);
});

test.each(MessageSizeEdges.map((edge, place) => ({ edge, place })))(
  "a message of $edge bytes is the last that counts at its edge, one more the first behind it",
  ({ edge, place }) => {
    expect([placeOf(edge - 1), placeOf(edge), placeOf(edge + 1)]).toEqual([place, place, place + 1]);
  },
);

test.each([
  { bytes: 0, place: 0 },
  { bytes: 1, place: 0 },
  { bytes: 2 ** 31, place: 10 },
  { bytes: 2 ** 32 + 1, place: 10 },
  { bytes: Number.MAX_SAFE_INTEGER, place: 10 },
])("a message of $bytes bytes counts at place $place", ({ bytes, place }) => {
  expect(placeOf(bytes)).toBe(place);
});

test("the sum is that of all messages", () => {
  const sizes = new MessageSizes();
  for (const bytes of [0, 5, 70, 70, 100_000]) sizes.add(bytes);
  expect(sizes.sum).toBe(100_145);
  expect(sizes.counts).toEqual([2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
});
