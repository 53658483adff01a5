import { expect, test } from "vitest";
import { ServerNames } from "../../src/transport/server-names.ts";

const names = new ServerNames([
  /* 0 */ ["example.com", "10.0.0.1"],
  /* 1 */ ["*.example.com", "*.b.example.com"],
  /* 2 */ ["a.example.com", "C.Example.ORG", "10.0.0.2"],
  /* 3 */ ["a.example.com", "final.example."],
]);

test.each([
  { name: "example.com", number: 0 },
  { name: "a.example.com", number: 2 },
  { name: "A.EXAMPLE.com", number: 2 },
  { name: "a.example.com.", number: 2 },
  { name: "c.example.org", number: 2 },
  { name: "x.example.com", number: 1 },
  { name: "xn--bcher-kva.example.com", number: 1 },
  { name: "b.example.com", number: 1 },
  { name: "x.b.example.com", number: 1 },
  { name: "final.example", number: 3 },
  // one label, no more and no less
  { name: "y.x.example.com", number: 0 },
  { name: ".example.com", number: 0 },
  { name: "xexample.com", number: 0 },
  { name: "stranger.example", number: 0 },
  { name: "com", number: 0 },
  { name: "", number: 0 },
  { name: ".", number: 0 },
  { name: undefined, number: 0 },
  // an address is no server name
  { name: "10.0.0.2", number: 0 },
  { name: "::1", number: 0 },
  { name: "[::1]", number: 0 },
])("$name leads to number $number", ({ name, number }) => {
  expect(names.find(name)).toBe(number);
});
