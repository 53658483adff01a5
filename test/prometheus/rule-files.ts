import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const RuleSchema = z.strictObject({
  record: z.string().optional(),
  alert: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});

const RuleFileSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(RuleSchema) })),
});

/** A rule as it is written. */
export type Rule = z.infer<typeof RuleSchema>;

const Folder = join(import.meta.dirname, "../../dashboards/rules");

/** Path of every file of rules. */
export const RuleFiles: readonly string[] = ["hawser.rules.yaml", "hawser.alerts.yaml"].map((name) =>
  join(Folder, name),
);

/** Every rule of them. */
export async function readRules(): Promise<readonly Rule[]> {
  const texts = await Promise.all(RuleFiles.map((path) => readFile(path, "utf8")));
  return texts.flatMap((text) => RuleFileSchema.parse(parse(text)).groups.flatMap(({ rules }) => rules));
}
