import { expect, test } from "vitest";
import { streamTable } from "../../src/cli/stream-table.ts";
import { streamView } from "../support/listed-streams.ts";

const Busy = { bytes: 1_536, frames: 12, messages: 10, bytesPerSecond: 2_048, messagesPerSecond: 4 };
const Streams = [
  streamView({ id: 7, toUpstream: Busy, client: "192.0.2.1", pingMs: 12, subprotocol: "v2" }),
  streamView({ id: 12_345, route: "notifications", protocol: "h1", toClient: Busy, state: "closing", idleMs: null }),
];

test.each([
  {
    columns: 200,
    table: [
      "   ID  ROUTE          UPSTREAM  CLIENT     HTTP     AGE    IDLE      UP/S    DOWN/S   MSG/S    MSGS     BYTES    UNSENT     PING  SUBPROTOCOL",
      "    7  chat           backend   192.0.2.1  h2    1m 01s   2.0 s  2.00 KiB       0 B    4.00      10  1.50 KiB       0 B  12.0 ms  v2",
      "12345  notifications  backend   192.0.2.1  h1    1m 01s       –       0 B  2.00 KiB    4.00      10  1.50 KiB       0 B                        closing",
    ],
  },
  {
    columns: 80,
    table: [
      "   ID  ROUTE             AGE      UP/S    DOWN/S   MSG/S     BYTES",
      "    7  chat           1m 01s  2.00 KiB       0 B    4.00  1.50 KiB",
      "12345  notifications  1m 01s       0 B  2.00 KiB    4.00  1.50 KiB",
    ],
  },
  { columns: 20, table: ["   ID  ROUTE", "    7  chat", "12345  notifications"] },
  { columns: 12, table: ["   ID  ROUTE", "    7  chat", "12345  notif"] },
])("in $columns columns it has what finds a place", ({ columns, table }) => {
  expect(streamTable(Streams, { columns })).toEqual(table);
});

test.each([
  { ascending: false, title: "BYTES▼" },
  { ascending: true, title: "BYTES▲" },
])("the column it is sorted by is marked: $title", ({ ascending, title }) => {
  const [titles] = streamTable(Streams, { columns: 200, sorted: { order: "bytes", ascending } });
  expect(titles).toContain(title);
});

test("what clients say cannot reach the terminal, and no name is endless", () => {
  const [, line] = streamTable([streamView({ client: "\u001b[2J", route: "r".repeat(80) })], { columns: 200 });
  expect(line).toContain("\\u001b[2J");
  expect(line).toContain(`  ${"r".repeat(31)}…  `);
});

test("nobody's address is a column less", () => {
  const [titles] = streamTable([streamView({ client: null })], { columns: 200 });
  expect(titles).not.toContain("CLIENT");
});

test("without streams there are the titles", () => {
  expect(streamTable([], { columns: 40 })).toEqual(["   ID  ROUTE      UP/S    DOWN/S   MSG/S"]);
});
