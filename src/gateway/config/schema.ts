import { z } from "zod";
import { AdminSchema } from "./admin-schema.ts";
import { DeadlinesSchema, HandlersSchema, Http2Schema, LimitsSchema, RelaysSchema } from "./limits-schema.ts";
import { ListenerSchema } from "./listener-schema.ts";
import { AccessSchema, RouteSchema } from "./route-schema.ts";
import { count, FilePath, flag, limit, MaxInt31, Network, numberOr, oneOf } from "./schema-parts.ts";
import { TracingSchema } from "./tracing-schema.ts";
import { UpstreamSchema } from "./upstream-schema.ts";

// This file and the `…-schema.ts` it imports are the only place of options, their defaults, units and meaning. What needs
// two options to judge is in `cross-check.ts`.

const ReloadSchema = z.strictObject({
  watch: flag()
    .default(true)
    .describe(
      "Whether a change of this file, or of one it names, is taken over at once. SIGHUP and POST /reload always work.",
    ),
  changedRouteMs: count("milliseconds", { from: 0, to: MaxInt31, standard: 3_600_000 }).describe(
    "How long WebSockets of a route that changed live on, less a random tenth at most; then Close 1012.",
  ),
});

const LogSchema = z.strictObject({
  format: oneOf(["auto", "json", "text"])
    .default("auto")
    .describe("Form of the log: `json`, `text`, or `auto` for text on a terminal and JSON elsewhere."),
  openStreamMs: limit("milliseconds", { from: 1_000, to: MaxInt31 })
    .prefault(300_000)
    .describe("How often a WebSocket that stays open has a line."),
  requests: flag().default(true).describe("Whether each ordinary HTTP request has a line."),
});

/** The whole of a config file, with what it includes. */
export const ConfigSchema = z.strictObject({
  include: z
    .array(FilePath)
    .default([])
    .describe(
      "More files with `listeners`, `routes` and `upstreams`; `conf.d/*.yaml` is all that fit, in their order.",
    ),
  listeners: z.array(ListenerSchema).min(1, { error: "at least one listener" }).describe("Ports clients connect to."),
  routes: z
    .array(RouteSchema)
    .min(1, { error: "at least one route" })
    .describe("Who answers which host and path; the order does not matter."),
  upstreams: z.record(z.string(), UpstreamSchema).default({}).describe("Backends by name."),
  admin: AdminSchema.prefault({}).describe("Port for operators."),
  access: AccessSchema.prefault({}).describe("Who may ask."),
  limits: LimitsSchema.prefault({}).describe("What all clients together, and each of them, may have at once."),
  relays: RelaysSchema.prefault({}).describe("What a WebSocket to an upstream may be and have."),
  handlers: HandlersSchema.prefault({}).describe("What a WebSocket to a handler in this process may be and have."),
  http2: Http2Schema.prefault({}).describe("What a client may cost on an HTTP/2 connection."),
  deadlines: DeadlinesSchema.prefault({}).describe("How long things may take."),
  reload: ReloadSchema.prefault({}).describe("How a changed config is taken over."),
  log: LogSchema.prefault({}).describe("What is logged."),
  tracing: TracingSchema.prefault({}).describe("Traces of openings and WebSockets, for OpenTelemetry."),
  workers: numberOr("auto", "processes", { from: 1, to: 1_024 })
    .default(1)
    .describe(
      "Processes that serve as one; `auto` is one for each processor there is. A change of it needs a new start.",
    ),
  trustedProxies: z
    .array(Network)
    .prefault([])
    .describe(
      "Proxies in front whose X-Forwarded-*, Forwarded and PROXY headers are believed: addresses and networks.",
    ),
});

/** A config file that fits the schema: defaults filled in, paths and names not looked up yet. */
export type ConfigDocument = z.output<typeof ConfigSchema>;
