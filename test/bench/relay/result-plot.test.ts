import { describe, expect, test } from "vitest";
import { plotOf } from "./result-plot.ts";
import { resultOf } from "./sample-results.ts";

/** What stands in tags of one name and class, attribute by attribute. */
function marks(svg: string, tag: string, className: string): Record<string, string>[] {
  const found = svg.matchAll(new RegExp(`<${tag} class="${className}" ([^>]*)>`, "g"));
  return Array.from(found, ([, attributes = ""]) =>
    Object.fromEntries(
      Array.from(attributes.matchAll(/([\w-]+)="([^"]*)"/g), ([, name = "", value = ""]) => [name, value]),
    ),
  );
}

const Plot = plotOf(
  [
    resultOf("S1", { hawser: [0.5, 0.5], haproxy: [1, 1], nghttpx: [2, 2] }),
    resultOf("HS", { hawser: [9, 9], haproxy: [1, 1] }),
  ],
  "haproxy",
);

describe("the plot", () => {
  test("has bars as long as the ratios, of which the base is the line at 1", () => {
    const [, half] = marks(Plot, "rect", "hawser");
    const [, double] = marks(Plot, "rect", "nghttpx");
    const [base] = marks(Plot, "line", "base").toReversed();
    const left = Number(half?.["x"]);
    expect(Number(half?.["width"]) * 4).toBeCloseTo(Number(double?.["width"]), 0);
    expect(Number(half?.["width"]) * 2).toBeCloseTo(Number(base?.["x1"]) - left, 0);
    expect(marks(Plot, "rect", "haproxy")).toEqual([]);
  });

  test("cuts what is much longer, and says how long it is", () => {
    const long = marks(Plot, "rect", "hawser").at(-1);
    expect(Number(long?.["x"]) + Number(long?.["width"])).toBeLessThanOrEqual(820);
    expect(Plot).toContain("→ 9.00");
  });

  test("says what each scenario is, in text that is none of the markup", () => {
    expect(Plot).toContain(">S1<");
    expect(Plot).toContain(">open and close, 2 × 20 at once<");
    expect(plotOf([resultOf("S1", { hawser: [1], "a<b&c": [1] })], "a<b&c")).not.toContain("a<b&c");
  });

  test("has colours for dark ground", () => {
    expect(Plot).toContain("prefers-color-scheme: dark");
  });

  test("leaves out a scenario of which there is no ratio", () => {
    expect(plotOf([resultOf("S4", { hawser: [1], haproxy: [undefined] })], "haproxy")).not.toContain("S4");
  });
});
