import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { AllDashboards, fileOf, JsonFolder } from "../../dashboards/all-dashboards.ts";
import { dashboardOf } from "../../dashboards/dashboard.ts";
import type { PanelSpec } from "../../dashboards/panel-spec.ts";

const Columns = 24;

describe("the files in dashboards/json", () => {
  test.each(AllDashboards)("the file of $uid is what the sources build (if not: npm run dashboards)", async (spec) => {
    const { path, text } = await fileOf(spec);
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("there are no others", async () => {
    expect((await readdir(JsonFolder)).toSorted()).toEqual(AllDashboards.map(({ uid }) => `${uid}.json`).toSorted());
  });
});

describe.each(AllDashboards)("$title", (spec) => {
  const dashboard = dashboardOf(spec);
  const placed = (dashboard.panels ?? []).map((panel) => ({
    title: panel.title ?? "",
    id: panel.id,
    ...panel.gridPos!,
  }));

  test("fills every line of the grid, and no panel lies on another", () => {
    const taken = new Map<string, string>();
    for (const { title, x, y, w, h } of placed) {
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          expect(taken.get(`${column} ${line}`), `${title} at ${column}, ${line}`).toBeUndefined();
          taken.set(`${column} ${line}`, title);
        }
      }
    }
    const lines = Math.max(...placed.map(({ y, h }) => y + h));
    expect(taken.size).toBe(lines * Columns);
    expect(Math.max(...placed.map(({ x, w }) => x + w))).toBe(Columns);
  });

  test("gives each panel a number of its own, with room for rows between", () => {
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
    const numbers = spec.rows.map(({ number }) => number);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    for (const [at, number] of numbers.entries()) expect(number - (numbers[at - 1] ?? 0)).toBeGreaterThan(1);
  });

  test("narrows all its queries to the gateways that are chosen", () => {
    const constant = /^\$memory \* 1048576$/;
    // Their job is another one.
    const busiest = /hawser_top_stream_/;
    const expressions = spec.rows.flatMap(({ panels }) => panels.flatMap(expressionsOf));
    for (const expr of expressions.filter((one) => !constant.test(one))) {
      expect(expr).toContain('namespace=~"$namespace",pod=~"$pod",instance=~"$instance"');
      expect(expr.includes('job=~"$job",namespace')).toBe(!busiest.test(expr));
    }
  });

  test("leads to the others, with their filters", () => {
    expect(dashboard.links).toMatchObject([
      { type: "dashboards", tags: ["hawser"], includeVars: true, keepTime: true },
    ]);
    expect(dashboard.tags).toEqual(["hawser"]);
  });

  test("has a query of every variable, and a variable for every name in a query", () => {
    const known = (dashboard.templating?.list ?? []).map(({ name }) => name);
    const expressions = spec.rows.flatMap(({ panels }) => panels.flatMap(expressionsOf)).join("\n");
    const used = new Set(Array.from(expressions.matchAll(/\$(\w+)/g), ([, name = ""]) => name));
    used.delete("__rate_interval");
    expect([...used].toSorted()).toEqual(known.filter((name) => name !== "datasource").toSorted());
  });
});

test("a line that has a hole, or is too long, is told", () => {
  const panel: PanelSpec = { kind: "text", title: "words", width: 13, height: 4, markdown: "" };
  const build = (...panels: PanelSpec[]) =>
    dashboardOf({ uid: "x", title: "x", description: "", filters: [], rows: [{ title: "r", number: 1, panels }] });
  expect(() => build(panel)).toThrow("has a hole");
  expect(() => build(panel, panel)).toThrow("wider than what is left");
});

function expressionsOf(panel: PanelSpec): readonly string[] {
  switch (panel.kind) {
    case "series":
      return panel.queries.map(({ expr }) => expr);
    case "stat":
      return [panel.query.expr];
    case "heatmap":
      return [panel.expr];
    case "table":
      return panel.columns.map(({ expr }) => expr);
    default:
      return [];
  }
}
