import { describe, expect, test } from "vitest";
import { OverviewHistory } from "../../../../src/gateway/admin/console/overview-history.ts";
import type { Overview } from "../../../../src/gateway/telemetry/stream-view.ts";

const Start: Overview = {
  ...{ at: 10_000, version: "1.0.0", startedAt: 1_000, readiness: "ready", generation: 1, workers: 1 },
  silentWorkers: [],
  open: 3,
  connections: { h1: 1, h2: 1 },
  opened: 10,
  closed: 7,
  openings: { accepted: 10, origin: 2, no_route: 1 },
  closes: { "1000 client": 4, "1006 client": 2, "4xxx upstream": 1 },
  toUpstream: { bytes: 1_000, messages: 10 },
  toClient: { bytes: 9_000, messages: 90 },
  openingMs: { p50: 2, p99: 9 },
  pingMs: { p50: null, p99: null },
  routes: [{ route: "chat", upstream: "chat-backend", open: 3, opened: 10, bytes: 10_000, messages: 100 }],
};

function historyOf(...readings: Partial<Overview>[]): OverviewHistory {
  const history = new OverviewHistory();
  for (const reading of readings) history.add({ ...Start, ...reading });
  return history;
}

const lastOf = (columns: readonly (number | null)[][]): (number | null)[] =>
  columns.slice(1).map((column) => column.at(-1) ?? null);

describe("the history of the overview", () => {
  test("of one reading has what is, and no rate yet", () => {
    const history = historyOf({});
    expect(history.open.columns).toEqual([[10], [3]]);
    expect(history.opening.columns).toEqual([[10], [2], [9]]);
    expect(history.ping.columns).toEqual([[10], [null], [null]]);
    expect(history.messages.length).toBe(0);
    expect(history.routeLines).toMatchObject([{ route: "chat", bytesPerSecond: 0, messagesPerSecond: 0 }]);
  });

  test("has rates by the time between two readings", () => {
    const history = historyOf(
      {},
      {
        at: 12_000,
        toUpstream: { bytes: 3_000, messages: 14 },
        toClient: { bytes: 9_000, messages: 91 },
        openings: { accepted: 16, origin: 4, no_route: 1, limited: 4 },
        closes: { "1000 client": 8, "1001 gateway": 2, "1006 client": 5, "4xxx upstream": 2 },
        routes: [{ route: "chat", upstream: "chat-backend", open: 3, opened: 10, bytes: 12_000, messages: 105 }],
      },
    );
    expect(lastOf(history.bytes.columns)).toEqual([1_000, 0]);
    expect(lastOf(history.messages.columns)).toEqual([2, 0.5]);
    expect(lastOf(history.openings.columns)).toEqual([3, 3]);
    expect(lastOf(history.closes.columns)).toEqual([3, 1.5, 0.5]);
    expect(history.routeLines).toMatchObject([{ bytesPerSecond: 1_000, messagesPerSecond: 2.5 }]);
  });

  test("goes on from zero with a gateway that was started anew", () => {
    const anew = { at: 12_000, startedAt: 11_000, closes: { "1000 client": 1 } };
    const history = historyOf({}, { ...anew, toUpstream: { bytes: 500, messages: 2 }, openings: { accepted: 4 } });
    expect(lastOf(history.bytes.columns)).toEqual([250, 0]);
    expect(lastOf(history.openings.columns)).toEqual([2, 0]);
    expect(history.closeLines).toEqual([{ code: "1000", initiator: "client", total: 1, seen: 1 }]);
  });

  test("says how often streams closed alike, and how often since one looks", () => {
    const closes = { "1000 client": 5, "1006 client": 9, "4xxx upstream": 1, "1011 upstream": 1 };
    const history = historyOf({}, { at: 11_000, closes });
    expect(history.closeLines).toEqual([
      { code: "1006", initiator: "client", total: 9, seen: 7 },
      { code: "1000", initiator: "client", total: 5, seen: 1 },
      { code: "1011", initiator: "upstream", total: 1, seen: 1 },
      { code: "4xxx", initiator: "upstream", total: 1, seen: 0 },
    ]);
  });

  test.each([
    {
      when: "a worker has ended",
      reading: { workers: 2, toClient: { bytes: 4_000, messages: 40 }, closes: { "1000 client": 1 } },
    },
    {
      when: "a worker is silent",
      reading: { workers: 2, silentWorkers: [2], toClient: { bytes: 9_500, messages: 95 } },
    },
  ])("has no rate where $when, whose counts are missing", ({ reading }) => {
    const routes = Start.routes.map((route) => ({ ...route, bytes: 5_000, messages: 50 }));
    const history = historyOf({}, { at: 11_000, ...reading, routes });
    expect(lastOf(history.bytes.columns)[1]).toBeNull();
    expect(lastOf(history.messages.columns)[1]).toBeNull();
    expect(history.routeLines).toMatchObject([{ bytesPerSecond: 0, messagesPerSecond: 0 }]);
    expect(history.closeLines.every(({ seen }) => seen === 0)).toBe(true);
  });

  test("has no rate where a silent worker has told again", () => {
    const history = historyOf({ silentWorkers: [2], opened: 1, toClient: { bytes: 10, messages: 1 } }, { at: 11_000 });
    expect(lastOf(history.bytes.columns)).toEqual([null, null]);
  });

  test("takes no rate from a reading that came out of turn", () => {
    const history = historyOf({}, { at: 10_000, toUpstream: { bytes: 99_000, messages: 99 } });
    expect(history.bytes.length).toBe(0);
  });
});
