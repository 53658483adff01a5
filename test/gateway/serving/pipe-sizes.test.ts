import { expect, test } from "vitest";
import { hex, joined } from "../../support/bits.ts";
import { everyCut } from "../../support/cuts.ts";
import { fragment, hello, last, openPipe, ownClose, ping } from "../../support/pipe-bench.ts";

const empty = hex("82 80 00000000");

test("messages are measured in whatever pieces they come, each once", () => {
  everyCut(joined([hello, fragment, ping, last, empty]), (chunks) => {
    const { take, traffic } = openPipe();
    take(...chunks);
    expect(traffic.sizes).toMatchObject({ sum: 5 + 3 + 0 });
    expect(traffic.sizes?.counts[0]).toBe(3);
  });
});

test("a length that is only claimed is no message", () => {
  const { take, traffic } = openPipe();
  take(hex("82 ff 001fffffffffffff 00000000 aabb"));
  expect(traffic).toMatchObject({ binary: 1, bytes: 16, begunBytes: 0 });
  expect(traffic.sizes).toMatchObject({ sum: 0 });
  expect(traffic.sizes?.counts.every((count) => count === 0)).toBe(true);
});

test("the message behind which a Close of the gateway's own goes is measured too", () => {
  const { take, pipe, traffic } = openPipe();
  take(hello.subarray(0, 8));
  pipe.insertClose(ownClose);
  expect(traffic.sizes).toMatchObject({ sum: 0 });
  take(hello.subarray(8));
  expect(traffic.sizes).toMatchObject({ sum: 5 });
});
