import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventStreamParser } from "../../../../src/gateway/admin/console/event-stream-parser.ts";

const read = (...pieces: string[]) => {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe("an event stream", () => {
  test.each([
    { name: "an event with a name", text: "event: frame\ndata: {}\n\n", events: [{ event: "frame", data: "{}" }] },
    { name: "one without", text: "data: {}\n\n", events: [{ event: "message", data: "{}" }] },
    { name: "data of several lines", text: "data: a\ndata: b\n\n", events: [{ event: "message", data: "a\nb" }] },
    {
      name: "CRLF and CR",
      text: "data: a\r\n\r\ndata: b\r\r",
      events: ["a"].map((data) => ({ event: "message", data })),
    },
    { name: "no space behind the colon", text: "data:a:b\n\n", events: [{ event: "message", data: "a:b" }] },
    { name: "one space of two", text: "data:  a\n\n", events: [{ event: "message", data: " a" }] },
    { name: "comments", text: ":\n\n: beat\n\n", events: [] },
    { name: "a name alone", text: "event: end\n\ndata: a\n\n", events: [{ event: "message", data: "a" }] },
    { name: "a field alone", text: "data\n\n", events: [{ event: "message", data: "" }] },
    { name: "an event that is not whole", text: "data: a\n", events: [] },
  ])("with $name", ({ text, events }) => {
    expect(read(text)).toEqual(events);
  });

  test("means the same however it is cut", () => {
    const text = 'event: frame\r\ndata: {"a":1}\r\n\r\n:\n\ndata: b\ndata: c\n\nevent: end\rdata: d\r\r: last\n';
    const whole = read(text);
    expect(whole).toHaveLength(3);
    const cuts = fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 });
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places.toSorted((one, other) => one - other), text.length];
        const pieces = edges.slice(1).map((end, index) => text.slice(edges[index], end));
        expect(read(...pieces)).toEqual(whole);
      }),
    );
  });

  test("that never ends a line is given up", () => {
    expect(() => read("data: ", "x".repeat(1_048_577))).toThrow("has no end");
  });
});
