import { expect, test, vi } from "vitest";
import { BusiestStreams } from "../../../src/gateway/telemetry/busiest-streams.ts";
import type { StreamQuery, StreamView } from "../../../src/gateway/telemetry/stream-view.ts";
import { streamView } from "../../support/listed-streams.ts";

/** Streams whose rates are `rates`, by their ids from 1 on. */
function sourceOf(rates: number[]) {
  const viewOf = (rate: number, at: number): StreamView => {
    const view = streamView({ id: at + 1 });
    return { ...view, toUpstream: { ...view.toUpstream, bytesPerSecond: rate } };
  };
  const source = {
    list({ limit }: StreamQuery) {
      const ranked = rates.map(viewOf).toSorted((a, b) => b.toUpstream.bytesPerSecond - a.toUpstream.bytesPerSecond);
      const streams = ranked.slice(0, limit);
      return Promise.resolve({ streams, matching: rates.length, open: rates.length, silentWorkers: [] });
    },
  };
  const busiest = new BusiestStreams(source);
  return { rates, pick: async () => (await busiest.pick(2)).map(({ id }) => id) };
}

test.each([
  { what: "the busiest first", before: [1, 20, 10], later: [1, 20, 10], picked: [2, 3] },
  { what: "one that is nearly as busy as another stays", before: [1, 20, 10], later: [14, 20, 10], picked: [2, 3] },
  { what: "one that another has left behind goes", before: [1, 20, 10], later: [16, 20, 10], picked: [1, 2] },
  { what: "one that is over goes", before: [1, 20, 10], later: [1, 20], picked: [1, 2] },
  { what: "those at rest stay where nobody is busier", before: [0, 5, 5], later: [0, 0, 0], picked: [2, 3] },
])("$what", async ({ before, later, picked }) => {
  const { pick, rates } = sourceOf(before);
  await pick();
  rates.splice(0, rates.length, ...later);
  expect(await pick()).toEqual(picked);
});

test("nobody is asked for none", async () => {
  const list = vi.fn<() => never>();
  expect(await new BusiestStreams({ list }).pick(0)).toEqual([]);
  expect(list).not.toHaveBeenCalled();
});
