import { expect, test } from "vitest";
import { labelOf, neighbour } from "../../config/demo/site/grid.js";

test.each([
  { view: { state: "open", stream: 13, connection: 7 }, label: "13" },
  { view: { state: "open", connection: 7 }, label: "7" },
  { view: { state: "open" }, label: "·" },
  { view: { state: "failed" }, label: "×" },
  { view: { state: "lost", stream: 13, connection: 7 }, label: "×" },
])("the cell of $view says $label", ({ view, label }) => {
  expect(labelOf(view)).toBe(label);
});

//  0  1  2
//  3  4  5
//  6  7
test.each([
  { key: "ArrowRight", from: 2, to: 3 },
  { key: "ArrowLeft", from: 3, to: 2 },
  { key: "ArrowLeft", from: 0, to: 0 },
  { key: "ArrowRight", from: 7, to: 7 },
  { key: "ArrowDown", from: 1, to: 4 },
  { key: "ArrowUp", from: 4, to: 1 },
  { key: "ArrowDown", from: 5, to: 5 },
  { key: "ArrowUp", from: 1, to: 1 },
  { key: "Home", from: 5, to: 0 },
  { key: "End", from: 2, to: 7 },
  { key: "Tab", from: 2, to: undefined },
  { key: "constructor", from: 2, to: undefined },
])("$key leads from cell $from to $to", ({ key, from, to }) => {
  expect(neighbour(key, from, 3, 8)).toBe(to);
});
