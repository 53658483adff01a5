import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AlertCases, type AlertCase } from "./alert-cases.ts";
import { promtool } from "./promtool.ts";
import { readRules, RuleFiles, type Rule } from "./rule-files.ts";

const Severities = ["critical", "warning", "info"];

const rules = await readRules();
const alerts = rules.filter(({ alert }) => alert !== undefined);

test("promtool finds the rules in order", async () => {
  expect(await promtool(["check", "rules", ...RuleFiles])).toContain("SUCCESS");
});

test.each(alerts)(
  "$alert says how bad it is, what it means, what to look at and what to do",
  ({ labels, annotations }) => {
    expect(Severities).toContain(labels["severity"]);
    expect(Object.keys(annotations)).toEqual(["summary", "description", "runbook"]);
    expect(annotations["runbook"]).toMatch(/^Means: [^]+\nLook at: [^]+\nDo: [^]+$/);
  },
);

test("every alert has a case", () => {
  expect(AlertCases.map(({ alert }) => alert)).toEqual(alerts.map(({ alert }) => alert));
});

test.each(AlertCases)("$alert fires and is over again", async (one) => {
  const rule = alerts.find(({ alert }) => alert === one.alert);
  const folder = await mkdtemp(join(tmpdir(), "hawser-rules-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "case.yaml");
  await writeFile(file, JSON.stringify(unitTestOf(one, rule!)));
  expect(await promtool(["test", "rules", file])).toContain("SUCCESS");
});

/** The file that promtool wants. */
function unitTestOf({ alert, series, quietAt, firesAt, resolvedAt, ...firing }: AlertCase, rule: Rule) {
  const at = (minute: number, alerts: readonly object[]) => ({
    alertname: alert,
    eval_time: `${minute}m`,
    exp_alerts: alerts,
  });
  const labels = { ...firing.labels, severity: firing.severity };
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, text]) => [name, rendered(text, labels, firing.value ?? "")]),
  );
  return {
    rule_files: RuleFiles,
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          ...(quietAt === undefined ? [] : [at(quietAt, [])]),
          at(firesAt, [{ exp_labels: labels, exp_annotations: annotations }]),
          at(resolvedAt, []),
        ],
      },
    ],
  };
}

/** `text` with what stands in braces filled in, as Prometheus would. */
function rendered(text: string, labels: Readonly<Record<string, string>>, value: string): string {
  return text.replaceAll(/\{\{ (.+?) \}\}/g, (_, expression: string) => {
    const [, label] = /^\$labels\.(\w+)$/.exec(expression) ?? [];
    return label === undefined ? value : (labels[label] ?? "");
  });
}
