import { describe, expect, test, vi } from "vitest";
import { FrameTap, type SeenFrame } from "../../../src/protocol/frame/frame-tap.ts";
import { hex, joined } from "../../support/bits.ts";
import { everyCut } from "../../support/cuts.ts";
import { close1000, hello, long, message, openPipe, ownClose, ping } from "../../support/pipe-bench.ts";

/** A pipe, and the opcodes of the frames it tells while it is watched. */
function watchedPipe() {
  const bench = openPipe();
  const seen: number[] = [];
  const watch = { textBytes: 0, tell: ({ opcode }: SeenFrame) => void seen.push(opcode) };
  return { ...bench, seen, begin: () => bench.pipe.watch(watch), end: () => bench.pipe.watch(undefined) };
}

describe("a pipe at which nobody looks", () => {
  test("calls nothing of a tap, before somebody has looked and afterwards", () => {
    const takes = vi.spyOn(FrameTap.prototype, "take");
    const { take, begin, end, received } = watchedPipe();
    take(message);
    begin();
    end();
    take(message);
    expect(takes).not.toHaveBeenCalled();
    expect(received()).toEqual(joined([message, message]));
    takes.mockRestore();
  });

  test("asks once for each read, however many frames are in it", () => {
    const takes = vi.spyOn(FrameTap.prototype, "take");
    const { take, begin } = watchedPipe();
    begin();
    take(joined(Array.from({ length: 100 }, () => message)));
    expect(takes).toHaveBeenCalledTimes(1);
    takes.mockRestore();
  });
});

describe("a pipe that is watched", () => {
  test("tells of each frame and relays the same, however the bytes are cut", () => {
    everyCut(joined([message, close1000]), (chunks) => {
      const { take, begin, seen, received, traffic } = watchedPipe();
      begin();
      take(...chunks);
      expect(seen).toEqual([1, 1, 9, 0, 2, 8]);
      expect(received()).toEqual(joined([message, close1000]));
      expect(traffic.bytes).toBe(message.length + close1000.length);
    });
  });

  test("tells of what comes from the middle of a frame on", () => {
    const { take, begin, seen } = watchedPipe();
    take(long.subarray(0, 100));
    begin();
    take(long.subarray(100), hello.subarray(0, 1));
    begin();
    take(hello.subarray(1), ping);
    expect(seen).toEqual([1, 9]);
  });

  test.each([
    { where: "between two frames", before: [hello], behind: [] },
    { where: "behind the frame that is on its way", before: [long.subarray(0, 50)], behind: [long.subarray(50)] },
  ])("tells of the gateway's own Close $where", ({ before, behind }) => {
    const { pipe, take, begin, seen } = watchedPipe();
    take(...before);
    begin();
    pipe.insertClose(ownClose);
    take(...behind, close1000);
    expect(seen).toEqual([8, 8]);
  });

  test("tells of a frame that breaks a rule", () => {
    const { take, begin, seen, events } = watchedPipe();
    begin();
    take(hex("83 80 00000000"), hex("80 80 00000000"));
    expect(seen).toEqual([3, 0]);
    expect(events).toMatchObject([{ type: "rule-broken" }]);
  });
});
