import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { JsonFolder } from "../../dashboards/all-dashboards.ts";

const DashboardSchema = z.object({
  title: z.string(),
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ refId: z.string(), expr: z.string() })).default([]) }),
  ),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        query: z.union([z.string(), z.object({ query: z.string() })]),
      }),
    ),
  }),
});

/** What Grafana would ask for a panel. */
export interface PanelQuery {
  /** Dashboard, panel and the letter of the query. */
  readonly where: string;
  readonly expr: string;
}

/** What Grafana would ask for the values of a variable. */
export interface VariableQuery {
  readonly where: string;
  readonly label: string;
  readonly selector: string;
}

/** What the variables are where nobody has chosen anything. */
const Values: Readonly<Record<string, string>> = {
  __rate_interval: "5s",
  job: "hawser",
  namespace: ".*",
  pod: ".*",
  instance: ".*",
  route: ".*",
  upstream: ".*",
  protocol: ".*",
  memory: "1024",
};

/** Every query of the committed dashboards, with its variables filled in. */
export async function readDashboardQueries(): Promise<{
  readonly panels: readonly PanelQuery[];
  readonly variables: readonly VariableQuery[];
}> {
  const files = (await readdir(JsonFolder)).toSorted();
  const dashboards = await Promise.all(
    files.map(async (file) => DashboardSchema.parse(JSON.parse(await readFile(join(JsonFolder, file), "utf8")))),
  );
  return {
    panels: dashboards.flatMap(({ title, panels }) =>
      panels.flatMap((panel) =>
        panel.targets.map(({ refId, expr }) => ({
          where: `${title} / ${panel.title} / ${refId}`,
          expr: substituted(expr),
        })),
      ),
    ),
    variables: dashboards.flatMap(({ title, templating }) =>
      templating.list.flatMap(({ name, query }) => {
        const [, selector, label] =
          /^label_values\((.*), (\w+)\)$/.exec(typeof query === "string" ? query : query.query) ?? [];
        if (selector === undefined || label === undefined) return [];
        return [{ where: `${title} / $${name}`, label, selector: substituted(selector) }];
      }),
    ),
  };
}

function substituted(expr: string): string {
  return expr.replaceAll(/\$(\w+)/g, (written, name: string) => {
    const value = Values[name];
    if (value === undefined) throw new Error(`no value for ${written} in ${expr}`);
    return value;
  });
}
