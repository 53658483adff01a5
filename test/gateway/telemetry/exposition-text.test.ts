import { Counter, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { exposition, expositionText, formatFor } from "../../../src/gateway/telemetry/exposition-text.ts";
import { parseExposition } from "../../support/exposition.ts";

test.each([
  { accept: undefined, format: "prometheus" },
  { accept: "", format: "prometheus" },
  { accept: "*/*", format: "prometheus" },
  { accept: "text/plain;version=0.0.4", format: "prometheus" },
  { accept: "application/openmetrics-text; version=1.0.0", format: "openmetrics" },
  // As Prometheus 2 and 3 ask.
  {
    accept: "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    format: "openmetrics",
  },
  { accept: "text/plain, Application/OpenMetrics-Text", format: "openmetrics" },
  { accept: "application/openmetrics-text;q=0", format: "prometheus" },
  { accept: "application/openmetrics-text;q=0.000, */*", format: "prometheus" },
  { accept: "application/openmetrics-text-not", format: "prometheus" },
] as const)("who accepts $accept is answered in the format of $format", ({ accept, format }) => {
  expect(formatFor(accept)).toBe(format);
});

const Odd = 'a "b" \\ c\nd';

test("labels and help are escaped, and numbers are those of Go", () => {
  const values = [1e21, Infinity, -Infinity, NaN, 0.1].map((value) => ({ labels: { odd: Odd }, value }));
  const text = expositionText([{ name: "x", help: Odd, type: "gauge", values }], "prometheus");
  const sample = String.raw`x{odd="a \"b\" \\ c\nd"}`;
  expect(text).toBe(
    [
      String.raw`# HELP x a "b" \\ c\nd`,
      "# TYPE x gauge",
      ...["1e+21", "+Inf", "-Inf", "NaN", "0.1"].map((value) => `${sample} ${value}`),
      "",
    ].join("\n"),
  );
});

test("OpenMetrics names counters without their ending, and says where it is over", () => {
  const families = [
    { name: "x_total", help: 'Of "x".', type: "counter", values: [{ labels: {}, value: 3 }] },
    { name: "y", help: "Of y.", type: "gauge", values: [{ labels: { a: "1", b: "2" }, value: 4 }] },
  ];
  const { type, body } = exposition(families, "application/openmetrics-text");
  expect(type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(body.split("\n")).toEqual([
    String.raw`# HELP x Of \"x\".`,
    "# TYPE x counter",
    "x_total 3",
    "# HELP y Of y.",
    "# TYPE y gauge",
    'y{a="1",b="2"} 4',
    "# EOF",
    "",
  ]);
});

test("the text says what prom-client's own would", async () => {
  const registry = new Registry();
  const counter = new Counter({ name: "x_total", help: "x", labelNames: ["odd"], registers: [registry] });
  counter.inc({ odd: Odd }, 3);
  const histogram = new Histogram({ name: "y", help: "y", labelNames: ["odd"], registers: [registry] });
  for (const value of [0.001, 0.3, 70]) histogram.observe({ odd: Odd }, value);
  const text = expositionText(await registry.getMetricsAsJSON(), "prometheus");
  expect(parseExposition(text)).toEqual(parseExposition(await registry.metrics()));
});
