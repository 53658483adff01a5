import { mkdir, writeFile } from "node:fs/promises";
import { AllDashboards, fileOf, JsonFolder } from "./all-dashboards.ts";

// Writes dashboards/json: `npm run dashboards`.
await mkdir(JsonFolder, { recursive: true });
for (const spec of AllDashboards) {
  const { path, text } = await fileOf(spec);
  await writeFile(path, text);
}
