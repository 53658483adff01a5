import { setTimeout as passing } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDashboardQueries } from "./dashboard-queries.ts";
import { startLoadedGateways, type LoadedGateways } from "./load.ts";
import { PathOfJob, startPrometheus, type PrometheusProcess } from "./prometheus-process.ts";
import { parseQuery } from "./promql.ts";
import { promtool } from "./promtool.ts";
import { readRules, RuleFiles } from "./rule-files.ts";

/** Scrapes of a gateway under load: each rate within 5 s has enough of them. */
const Scrapes = 12;
const LoadMs = 60_000;
const RoundMs = 300;

const { panels, variables } = await readDashboardQueries();
const rules = await readRules();
/** Of a scraped target, whatever it is. */
const TargetLabels = ["job", "instance", "namespace", "pod"];

/** Which gateway has workers. */
const WithWorkers = 1;

let load: LoadedGateways;
let prometheus: PrometheusProcess;
let begun: Date;
/** The text of each page that is scraped, when the load is over. */
let pages: readonly string[] = [];

beforeAll(async () => {
  load = await startLoadedGateways();
  const [first, second] = load.gateways.map(({ admin }) => admin);
  // One as Kubernetes has it, one as it is without.
  prometheus = await startPrometheus(
    [
      { admin: first!, labels: {} },
      { admin: second!, labels: { namespace: "edge", pod: "hawser-0" } },
    ],
    RuleFiles,
  );
  begun = new Date();
  await load.begin();
  const deadline = Date.now() + LoadMs;
  do {
    await Promise.all([load.round(), passing(RoundMs)]);
    if (Date.now() > deadline) throw new Error("Prometheus does not scrape");
  } while (!(await hasScrapedEnough()));
  const addresses = load.gateways.flatMap(({ admin }) => Object.values(PathOfJob).map((path) => admin + path));
  pages = await Promise.all(addresses.map(async (address) => await (await fetch(address)).text()));
}, 2 * LoadMs);

afterAll(async () => {
  await prometheus?.stop();
  await load?.stop();
});

async function hasScrapedEnough(): Promise<boolean> {
  const counts = await prometheus.query("count_over_time(hawser_build_info[2m])");
  return counts.length === 2 && counts.every(({ values: [count = 0] }) => count >= Scrapes);
}

/** Those of `expressions` that were no number at any time of the load. */
async function emptyOf(...expressions: string[]): Promise<readonly string[]> {
  const empty: string[] = [];
  for (const expr of expressions) {
    const series = await prometheus.queryRange(expr, begun);
    if (!series.some(({ values }) => values.some(Number.isFinite))) empty.push(expr);
  }
  return empty;
}

describe("what Grafana asks for a panel", () => {
  for (const { where, expr } of panels) {
    test(`${where} has data, for all gateways and for each`, async () =>
      expect(await emptyOf(expr, ...onEachOf(expr))).toEqual([]));
    test(`${where} names what the gateway has`, () => expect(unknownIn(expr)).toEqual([]));
  }
  for (const { where, label, selector } of variables) {
    test(`${where} has values`, async () => expect(await prometheus.labelValues(label, selector)).not.toEqual([]));
  }
});

describe("rules", () => {
  test("Prometheus and promtool take config and rules", async () => {
    expect(await promtool(["check", "config", prometheus.configFile])).toContain("SUCCESS");
    const told = await prometheus.rules();
    expect(told).toHaveLength(rules.length);
    expect(told.filter(({ health, lastError }) => health !== "ok" || lastError !== "")).toEqual([]);
  });

  for (const { record, alert, expr } of rules) {
    test(`${record ?? alert} names what the gateway has`, () => expect(unknownIn(expr)).toEqual([]));
  }

  for (const { alert, expr } of rules.filter((rule) => rule.alert !== undefined)) {
    test(`${alert} compares what there is`, async () =>
      expect(await emptyOf(...parseQuery(expr).operands)).toEqual([]));
  }

  for (const { record, labels } of rules.filter((rule) => rule.record !== undefined)) {
    const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const series = `${record}{${matchers.join(",")}}`;
    test(`${series} is recorded`, async () => expect(await emptyOf(series)).toEqual([]));
  }
});

test("promtool has nothing to say about the metrics", async () => {
  for (const page of pages) expect(await promtool(["check", "metrics"], page)).toBe("");
});

/** `expr` of each gateway alone: what is told of workers, of the one that has some. */
function onEachOf(expr: string): readonly string[] {
  const hosts = load.gateways.map(({ admin }) => new URL(admin).host);
  return hosts
    .filter((_, at) => at === WithWorkers || !expr.includes("hawser_worker_"))
    .map((host) => expr.replaceAll('instance=~".*"', `instance=~${JSON.stringify(host)}`));
}

/** Metrics, labels and values of labels in `expr` that neither a gateway nor a rule has. */
function unknownIn(expr: string): readonly string[] {
  const { metrics, labels, values } = parseQuery(expr);
  const known = new Set(["up", ...rules.flatMap(({ record }) => record ?? []), ...pages.flatMap(namesIn)]);
  const ofRules = rules.flatMap((rule) => Object.entries(rule.labels).map(([label, value]) => ({ label, value })));
  const pairs = [...ofRules, ...pages.flatMap(labelsIn)];
  const knownLabels = new Set([...TargetLabels, ...pairs.map(({ label }) => label)]);
  const knownValues = new Set(["job=hawser", ...pairs.map(({ label, value }) => `${label}=${value}`)]);
  return [
    ...[...metrics].filter((name) => !known.has(name)),
    ...[...labels].filter((name) => !knownLabels.has(name)),
    ...values.map(({ label, value }) => `${label}=${value}`).filter((pair) => !knownValues.has(pair)),
  ];
}

/** The names of the samples on a page of metrics. */
function namesIn(page: string): readonly string[] {
  return Array.from(page.matchAll(/^([a-zA-Z_:][\w:]*)[{ ]/gm), ([, name = ""]) => name);
}

function labelsIn(page: string): readonly { readonly label: string; readonly value: string }[] {
  return Array.from(page.matchAll(/[{,](\w+)="([^"]*)"/g), ([, label = "", value = ""]) => ({ label, value }));
}
