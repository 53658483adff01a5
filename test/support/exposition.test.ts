import { describe, expect, test } from "vitest";
import { expositionFaults, parseExposition, seriesOf, sumOf } from "./exposition.ts";

describe("parseExposition", () => {
  test.each([
    { line: "up 1", series: "up", value: 1 },
    { line: 'up{b="2",a="1"} 0.5', series: 'up{a="1",b="2"}', value: 0.5 },
    { line: 'up{path="a\\"b\\\\c,d={}"} 3', series: 'up{path="a\\"b\\\\c,d={}"}', value: 3 },
    { line: 'd_bucket{le="+Inf"} 7', series: 'd_bucket{le="+Inf"}', value: 7 },
    { line: "lag Nan", series: "lag", value: NaN },
    { line: "far -Inf", series: "far", value: -Infinity },
  ])("reads $line", ({ line, series, value }) => {
    expect([...parseExposition(`# HELP up x\n# TYPE up gauge\n${line}\n`)]).toEqual([[series, value]]);
  });

  test.each([
    { what: "a name alone", text: "up\n", error: "not a sample: up" },
    { what: "a value that is no number", text: "up x\n", error: "not a value: x" },
    { what: "labels without quotes", text: "up{a=1} 1\n", error: "labels cannot be read: a=1" },
    { what: "a label twice", text: 'up{a="1",a="2"} 1\n', error: "labels cannot be read" },
    { what: "a series twice", text: 'up{a="1",b="2"} 1\nup{b="2",a="1"} 1\n', error: "series appears twice" },
    { what: "no line feed at the end", text: "up 1", error: "line feed" },
  ])("refuses $what", ({ text, error }) => {
    expect(() => parseExposition(text)).toThrow(error);
  });
});

test("sumOf adds the series that have the labels", () => {
  const exposition = parseExposition('n{a="1",b="x"} 1\nn{a="1",b="y"} 2\nn{a="11",b="x"} 4\nnn{a="1"} 8\nn 16\n');
  expect(sumOf(exposition, "n", { a: "1" })).toBe(3);
  expect(sumOf(exposition, "n", { b: "x" })).toBe(5);
  expect(sumOf(exposition, "n")).toBe(23);
  expect(sumOf(exposition, "n", { a: "2" })).toBe(0);
  expect(exposition.get(seriesOf("n", { b: "y", a: "1" }))).toBe(2);
});

describe("expositionFaults", () => {
  const sound =
    "# HELP a_total x\n# TYPE a_total counter\na_total 1\n# HELP d x\n# TYPE d histogram\nd_sum 1\nd_count 1\n";

  test("finds none in a sound exposition", () => {
    expect(expositionFaults(sound)).toEqual([]);
  });

  test.each([
    { planted: "# HELP a\n# TYPE a gauge\na 1\n", fault: "a: no help text" },
    { planted: "# HELP a x\n# TYPE a counter\na 1\n", fault: "a: counters, and only they, end in _total" },
    { planted: "# HELP a_total x\n# TYPE a_total gauge\n", fault: "a_total: counters, and only they, end in _total" },
    { planted: "# HELP a_ms x\n# TYPE a_ms gauge\n", fault: "a_ms: not in base units" },
    { planted: "b 1\n", fault: "b: no type" },
  ])("finds $fault", ({ planted, fault }) => {
    expect(expositionFaults(planted)).toEqual([fault]);
  });
});
