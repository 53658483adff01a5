import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

/** A gateway that is scraped. */
export interface Target {
  /** Base URL of its admin port. */
  readonly admin: string;
  /** What is known of it besides job and instance. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One line of the answer to a query. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of time; NaN among them. */
  readonly values: readonly number[];
}

/** What became of a rule, as Prometheus tells it. */
export interface RuleHealth {
  readonly name: string;
  readonly health: string;
  readonly lastError: string;
}

/** A running Prometheus that scrapes every second. */
export interface PrometheusProcess {
  /** Path of its config. */
  readonly configFile: string;
  /** `expr` for each second from `start` to now. @throws Error with Prometheus' own words. */
  queryRange(expr: string, start: Date): Promise<readonly Series[]>;
  /** `expr` at this moment. */
  query(expr: string): Promise<readonly Series[]>;
  /** The values of `label` in the series that `selector` finds. */
  labelValues(label: string, selector: string): Promise<readonly string[]>;
  rules(): Promise<readonly RuleHealth[]>;
  stop(): Promise<void>;
}

/** What is scraped. */
export const PathOfJob: Readonly<Record<string, string>> = {
  hawser: "/metrics",
  "hawser-streams": "/metrics/streams",
};

const StartMs = 15_000;
const QueryMs = 10_000;

const Sample = z.tuple([z.number(), z.string()]);
const ResultSchema = z.strictObject({
  resultType: z.enum(["matrix", "vector", "scalar"]),
  result: z.union([
    Sample,
    z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(Sample).optional(),
        value: Sample.optional(),
      }),
    ),
  ]),
});
const RulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().default("") })),
    }),
  ),
});

/** Starts one on loopback, with `ruleFiles`; its data goes with it. @throws Error with what it wrote, if it does not come up. */
export async function startPrometheus(
  targets: readonly Target[],
  ruleFiles: readonly string[],
): Promise<PrometheusProcess> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-prometheus-"));
  const configFile = join(folder, "prometheus.yml");
  await writeFile(configFile, JSON.stringify(configOf(targets, ruleFiles)));
  const child = spawn(
    "prometheus",
    [
      ...[`--config.file=${configFile}`, `--storage.tsdb.path=${join(folder, "data")}`],
      "--web.listen-address=127.0.0.1:0",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
  };
  const base = await addressIn(child.stderr);
  if (base === undefined) {
    await stop();
    throw new Error("Prometheus did not come to listen");
  }
  return { configFile, stop, ...clientOf(`${base}/api/v1`) };
}

function configOf(targets: readonly Target[], ruleFiles: readonly string[]) {
  return {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(PathOfJob).map(([job, path]) => ({
      job_name: job,
      metrics_path: path,
      static_configs: targets.map(({ admin, labels }) => ({ targets: [new URL(admin).host], labels })),
    })),
  };
}

/** The base URL, once the log says that requests are welcome; `undefined` where it ends before, or is too late. */
async function addressIn(log: NodeJS.ReadableStream): Promise<string | undefined> {
  const lines = createInterface(log);
  const late = setTimeout(() => lines.close(), StartMs);
  let address: string | undefined;
  try {
    for await (const line of lines) {
      address = /msg="Listening on" address=(\S+)/.exec(line)?.[1] ?? address;
      if (line.includes("Server is ready") && address !== undefined) return `http://${address}`;
    }
    return undefined;
  } finally {
    clearTimeout(late);
    // Or its writes would block at a full pipe.
    log.resume();
  }
}

function clientOf(api: string): Omit<PrometheusProcess, "configFile" | "stop"> {
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${api}/${path}?${new URLSearchParams(parameters).toString()}`, {
      signal: AbortSignal.timeout(QueryMs),
    });
    const answer = (await response.json()) as { status: string; error?: string; data?: unknown };
    if (answer.status !== "success") throw new Error(`${answer.error}: ${JSON.stringify(parameters)}`);
    return answer.data;
  };
  return {
    async queryRange(query, start) {
      const range = { start: String(start.getTime() / 1000), end: String(Date.now() / 1000), step: "1" };
      return seriesIn(await ask("query_range", { query, ...range }));
    },
    query: async (query) => seriesIn(await ask("query", { query })),
    labelValues: async (label, selector) =>
      z.array(z.string()).parse(await ask(`label/${label}/values`, { "match[]": selector })),
    rules: async () => RulesSchema.parse(await ask("rules", {})).groups.flatMap(({ rules }) => rules),
  };
}

function seriesIn(data: unknown): readonly Series[] {
  const { resultType, result } = ResultSchema.parse(data);
  if (resultType === "scalar") return [{ labels: {}, values: [Number(result[1])] }];
  return result.flatMap((one) =>
    typeof one === "object"
      ? [{ labels: one.metric, values: (one.values ?? [one.value!]).map(([, value]) => Number(value)) }]
      : [],
  );
}
