import { expect, test } from "vitest";
import { tryNearest } from "../../src/protocol/nearest.ts";

const Words = ["listeners", "routes", "upstreams", "http2", "name", "admin"];

test.each([
  { word: "listner", nearest: "listeners" },
  { word: "upstream", nearest: "upstreams" },
  { word: "rotues", nearest: "routes" },
  { word: "Routes", nearest: "routes" },
  { word: "HTTP2", nearest: "http2" },
  { word: "nmae", nearest: "name" },
  { word: "http", nearest: "http2" },
  { word: "listen", nearest: "listeners" },
  { word: "li", nearest: undefined },
  { word: "port", nearest: undefined },
  { word: "x", nearest: undefined },
  { word: "", nearest: undefined },
])("$word is meant to be $nearest", ({ word, nearest }) => {
  expect(tryNearest(word, Words)).toBe(nearest);
});

test("of two the nearer one is taken", () => {
  expect(tryNearest("closeMs", ["closedMs", "closeMs"])).toBe("closeMs");
});
