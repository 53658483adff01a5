import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { Capacity } from "./capacity.ts";
import { dashboardOf } from "./dashboard.ts";
import { Http2 } from "./http2.ts";
import { Overview } from "./overview.ts";
import type { DashboardSpec } from "./panel-spec.ts";
import { Streams } from "./streams.ts";
import { Upstreams } from "./upstreams.ts";

/** Every dashboard, in the order in which one looks at them. */
export const AllDashboards: readonly DashboardSpec[] = [Overview, Streams, Upstreams, Http2, Capacity];

/** Where the dashboards are kept as JSON, one file each. */
export const JsonFolder = join(import.meta.dirname, "json");

/** Path and text of the file of `spec`, formatted as the rest of the project is. */
export async function fileOf(spec: DashboardSpec): Promise<{ readonly path: string; readonly text: string }> {
  const path = join(JsonFolder, `${spec.uid}.json`);
  const text = JSON.stringify(dashboardOf(spec));
  return { path, text: await format(text, { ...(await resolveConfig(path)), filepath: path }) };
}
