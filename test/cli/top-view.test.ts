import { expect, test } from "vitest";
import { FirstState, type TopState } from "../../src/cli/top-state.ts";
import { rowsOf, topLines } from "../../src/cli/top-view.ts";
import { overview, streamView } from "../support/listed-streams.ts";

const Size = { columns: 80, rows: 10 };
const Busy = { bytes: 4_096, frames: 9, messages: 8, bytesPerSecond: 1_024, messagesPerSecond: 2 };
const Streams = [1, 2, 3].map((id) => streamView({ id, client: `192.0.2.${id}`, toUpstream: Busy }));

const Second: TopState = {
  ...FirstState,
  page: { streams: Streams, matching: 1_203, open: 1_203, silentWorkers: [] },
  before: overview({ at: 60_000, opened: 100, closed: 10, toUpstream: { bytes: 0, messages: 0 } }),
  overview: overview({
    startedAt: 0,
    at: 62_000,
    generation: 4,
    workers: 2,
    open: 1_203,
    connections: { h1: 3, h2: 40 },
    opened: 120,
    closed: 11,
    openings: { accepted: 110, origin: 6, limit: 2, timeout: 1, host: 1 },
    toUpstream: { bytes: 204_800, messages: 600 },
    toClient: { bytes: 20_480, messages: 60 },
    openingMs: { p50: 1.5, p99: 12 },
    pingMs: { p50: 30, p99: 120 },
  }),
};

/** What is shown, and what of it is not plain. */
function shown(state: TopState, size = Size) {
  const lines = topLines(state, size, "http://gw:1");
  return { text: lines.map(({ text }) => text.trimEnd()), looks: lines.map(({ look }) => look) };
}

test("the head has the gateway, the traffic and the openings; the table the streams; the foot the keys", () => {
  expect(shown(Second)).toEqual({
    text: [
      "hawser 1.2.3  ready  up 1m 02s  config 4  workers 2  http://gw:1",
      "streams  1–3 of 1,203 open   connections 3 h1, 40 h2   ping 30.0 ms, p99 120 ms",
      "traffic  up 300 msg/s, 100 KiB/s   down 30.0 msg/s, 10.0 KiB/s   closed 0.50/s",
      "openings 10.0/s, 120 in all, 1.50 ms, p99 12.0 ms   refused 10 (origin 6, limit…",
      "     ID  ROUTE     AGE    IDLE     UP/S▼   DOWN/S▼   MSG/S     BYTES",
      ">     1  chat   1m 01s   2.0 s  1.00 KiB       0 B    2.00  4.00 KiB",
      "      2  chat   1m 01s   2.0 s  1.00 KiB       0 B    2.00  4.00 KiB",
      "      3  chat   1m 01s   2.0 s  1.00 KiB       0 B    2.00  4.00 KiB",
      "",
      "q quit  / find  k close  p pause  sort by Age Bytes Msgs Rate Idle Unsent Number",
    ],
    looks: ["bold", "plain", "plain", "plain", "bold", "inverse", "plain", "plain", "plain", "dim"],
  });
});

test.each([
  { what: "before anything was answered", state: FirstState, line: "hawser top  http://gw:1", at: 0 },
  { what: "paused", state: { ...Second, isPaused: true }, line: "hawser 1.2.3  ready, PAUSED  up", at: 0 },
  {
    what: "of a worker that was silent and is back, whose counts are no traffic of a moment",
    state: { ...Second, before: overview({ at: 60_000, silentWorkers: [1] }) },
    line: "traffic  up – msg/s, –/s   down – msg/s, –/s   closed –/s",
    at: 2,
  },
  {
    what: "a worker that is silent",
    state: { ...Second, overview: { ...overview(), workers: 2, silentWorkers: [1] } },
    line: "workers 2 (1 silent)",
    at: 0,
  },
  { what: "the first look", state: { ...Second, before: undefined }, line: "traffic  up – msg/s, –/s", at: 2 },
  { what: "a search", state: { ...Second, search: "chat" }, line: "1–3 of 1,203 with “chat”, 1,203 open", at: 1 },
  { what: "further down", state: { ...Second, offset: 20 }, line: "21–23 of 1,203", at: 1 },
  {
    what: "a text that is typed",
    state: { ...Second, mode: { type: "search", text: "ch" } },
    line: "/ch_   Enter",
    at: 9,
  },
  {
    what: "a question",
    state: { ...Second, mode: { type: "confirm", stream: { id: 7, route: "chat", client: "192.0.2.1" } } },
    line: "Close stream 7 on chat of 192.0.2.1? y or n",
    at: 9,
  },
  {
    what: "a failure",
    state: { ...Second, notice: { text: "cannot reach", isFailure: true } },
    line: "cannot reach",
    at: 9,
  },
  {
    what: "nothing that fits",
    state: { ...Second, search: "zz", page: { streams: [], matching: 0, open: 3, silentWorkers: [] } },
    line: "no stream has “zz” in it; Esc shows all",
    at: 5,
  },
] satisfies { what: string; state: TopState; line: string; at: number }[])("$what", ({ state, line, at }) => {
  expect(shown(state).text[at]).toContain(line);
});

test.each([
  { columns: 80, rows: 24 },
  { columns: 20, rows: 7 },
  { columns: 10, rows: 3 },
  { columns: 1, rows: 1 },
  { columns: 300, rows: 5 },
])("no line is longer, and there are as many, as $columns × $rows allow", (size) => {
  for (const state of [FirstState, Second, { ...Second, mode: { type: "search", text: "x".repeat(200) } } as const]) {
    const lines = topLines(state, size, "http://gw:1");
    expect(lines).toHaveLength(size.rows);
    expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(size.columns);
  }
  expect(rowsOf(size)).toBeGreaterThanOrEqual(1);
});
