import { describe, expect, test } from "vitest";
import { asMarkdown, asText, tableOf } from "./result-table.ts";
import { resultOf } from "./sample-results.ts";

const Table = tableOf(
  [
    resultOf("S1", { hawser: [8, 9, 10], haproxy: [10, 10, 10], nghttpx: [12, undefined, 12] }),
    resultOf("WAN-up", { hawser: [1.1], haproxy: [5.5] }, { perSecond: 1_250_000 }),
  ],
  "haproxy",
);

describe("the table", () => {
  test("has each gateway of each scenario, beside the base and hawser beside it", () => {
    expect(Table.map((cells) => cells.slice(0, 5))).toEqual([
      ["", "gateway", "cost", "÷ haproxy", "hawser ÷ it"],
      ["S1", "hawser", "9.00 µs/message", "0.90 (0.80–1.00)", "–"],
      ["", "haproxy", "10.0 µs/message", "–", "0.90 (0.80–1.00)"],
      ["", "nghttpx", "12.0 µs/message", "1.20 (1.20–1.20)", "0.67 (0.67–0.83)"],
      ["WAN-up", "hawser", "1.10 × idle round trip", "0.20 (0.20–0.20)", "–"],
      ["", "haproxy", "5.50 × idle round trip", "–", "0.20 (0.20–0.20)"],
    ]);
  });

  test("has rates, which beside bulk are of octets, and latencies where they were measured", () => {
    expect(Table[1]?.slice(5)).toEqual(["–", "–", "–", "–"]);
    expect(Table[4]?.slice(5)).toEqual(["10.0 Mbit", "–", "–", "–"]);
  });

  test("says of a gateway that never answered that it failed", () => {
    const [, row] = tableOf([resultOf("S1", { hawser: [undefined] })], "haproxy");
    expect(row?.slice(0, 5)).toEqual(["S1", "hawser", "failed", "–", "–"]);
  });
});

const Small = [
  ["", "gateway", "cost"],
  ["S1", "hawser", "9.00"],
  ["", "haproxy", "10.0"],
  ["S2", "hawser", "1.90"],
];

test("as text it has its columns side by side, and room between scenarios", () => {
  expect(asText(Small).split("\n")).toEqual([
    "    gateway  cost",
    "",
    "S1  hawser   9.00",
    "    haproxy  10.0",
    "",
    "S2  hawser   1.90",
  ]);
});

test("as Markdown it has a head", () => {
  expect(asMarkdown(Small).split("\n")).toEqual([
    "|     | gateway | cost |",
    "| --- | ------- | ---- |",
    "| S1  | hawser  | 9.00 |",
    "|     | haproxy | 10.0 |",
    "| S2  | hawser  | 1.90 |",
    "",
  ]);
});
