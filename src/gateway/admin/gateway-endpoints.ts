import type { Config } from "../config/config.ts";
import { BusiestStreams } from "../telemetry/busiest-streams.ts";
import { exposition, type Exposition } from "../telemetry/exposition-text.ts";
import type { MetricFamily } from "../telemetry/metric-samples.ts";
import type { StreamsSource } from "../telemetry/stream-view.ts";
import { json, plain, type AdminAnswer, type WholeAnswer } from "./admin-answer.ts";
import type { AdminRequest, Endpoint } from "./admin-endpoint.ts";
import { shownConfig } from "./shown-config.ts";
import { topStreamFamilies } from "./top-streams.ts";
import { upstreamLines } from "./upstream-lines.ts";

/** Whether the gateway wants traffic, as `/readyz` says it: 200 for `ready`, 503 and the word otherwise. */
export type Readiness = "starting" | "ready" | "draining";

/** Writes the scrape; `Metrics` of the telemetry has this shape. */
export interface MetricsSource {
  /** @param accept - the `Accept` field of who scrapes. */
  scrape(accept?: string): Promise<Exposition>;
  /** The same as data. */
  families(): Promise<readonly MetricFamily[]>;
}

/** What became of an action that an operator asked for, in one line or more. */
export interface ActionOutcome {
  /** 200 it is done, 202 it has begun, 422 it was refused. */
  readonly status: 200 | 202 | 422;
  readonly text: string;
}

/** The config in force. */
export interface ConfigInForce {
  /** 1 at the start, one more with each reload that changed something. */
  readonly generation: number;
  /** When it was taken over, in milliseconds since the epoch. */
  readonly loadedAt: number;
  /** What the reload that brought it has changed, on one line; `null` at the start. */
  readonly summary: string | null;
  readonly config: Config;
}

/** What the admin port tells of and does. */
export interface AdminSources {
  readonly metrics: MetricsSource;
  readonly streams: StreamsSource;
  readonly readiness: () => Readiness;
  readonly inForce: () => ConfigInForce;
  /** Told when somebody has shown wrong credentials too often. */
  readonly lockedOut: () => void;
  /** What `POST /NAME` does, by name. */
  readonly actions: ReadonlyMap<string, () => ActionOutcome | Promise<ActionOutcome>>;
}

/** What can be asked about, and done with, the gateway as a whole. */
export function gatewayEndpoints({ metrics, streams, readiness, inForce, actions }: AdminSources): Endpoint[] {
  const everybody = (form: string, GET: (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>): Endpoint => {
    return { form, audience: "everybody", methods: { GET } };
  };
  const operators = (form: string, GET: (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>): Endpoint => {
    return { form, audience: "operators", methods: { GET } };
  };
  const busiest = new BusiestStreams(streams);
  return [
    everybody("/livez", () => plain(200, "alive")),
    everybody("/readyz", () => plain(readiness() === "ready" ? 200 : 503, readiness())),
    everybody("/metrics", async ({ fields }) => scraped(await metrics.scrape(fields.accept))),
    operators("/metrics/streams", async ({ fields }) => {
      const top = await busiest.pick(inForce().config.admin.topStreams);
      return scraped(exposition(topStreamFamilies(top), fields.accept));
    }),
    operators("/overview", async () => json(await streams.overview())),
    operators("/upstreams", async () => {
      const [families, { routes }] = await Promise.all([metrics.families(), streams.overview()]);
      return json({ upstreams: upstreamLines(inForce().config.upstreams, routes, families) });
    }),
    operators("/config", () => {
      const { config, ...facts } = inForce();
      return json({ ...facts, config: shownConfig(config) });
    }),
    ...Array.from(actions, ([name, act]): Endpoint => {
      const POST = async () => {
        const { status, text } = await act();
        return plain(status, text);
      };
      return { form: `/${name}`, audience: "operators", methods: { POST } };
    }),
  ];
}

function scraped({ type, body }: Exposition): WholeAnswer {
  return { kind: "whole", status: 200, type, body, fields: {} };
}
