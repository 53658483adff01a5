import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import type { FieldLines } from "../../protocol/handshake/opening-request.ts";
import type { LimitKind } from "./limit-kind.ts";
import type { OpeningResult } from "./opening-result.ts";
import type { Protocol, StreamClose, StreamRecord } from "./stream-registry.ts";
import { formatTraceparent, tryParseTraceparent, type TraceParent } from "./trace-context.ts";

/** What is traced, and where it goes. */
export interface TracingOptions {
  /** URL that takes OTLP over HTTP. */
  readonly endpoint: string;
  /** From 0 to 1: which part of the openings without a trace of their own is sampled. */
  readonly sampleRatio: number;
  readonly serviceName: string;
  /** The gateway's own. */
  readonly version: string;
  /** Told of spans that were not taken, by how many and why. */
  readonly onLost: (spans: number, reason: string) => void;
}

/** What is known of an opening when it comes. */
export interface TracedOpening {
  /** Name of its route, or empty. */
  readonly route: string;
  readonly protocol: Protocol;
  /** Its `traceparent`, where its sender is one to be believed. */
  readonly traceparent: string | undefined;
}

/** How an opening ended. */
export interface TracedOutcome {
  readonly result: OpeningResult;
  /** 0 where there was no answer. */
  readonly status: number;
}

/** The span of an opening that is sampled. */
export interface OpeningTrace {
  readonly traceId: string;
  /** `lines` as the upstream is told them: with the span as its parent. */
  fieldsFor(lines: FieldLines): FieldLines;
  /** Ends the span. */
  over(outcome: TracedOutcome): void;
  /** Begins the span of the WebSocket that came of it. */
  stream(record: StreamRecord): StreamTrace;
}

/** The span of a WebSocket. */
export interface StreamTrace {
  limitHit(limit: LimitKind): void;
  /** The gateway asks it to close. */
  closing(code: number, cause: StreamClose["cause"]): void;
  /** Ends the span. */
  ended(record: StreamRecord, ending: StreamClose): void;
}

/** Traces openings and WebSockets. */
export interface Tracing {
  /** The trace of an opening that has just come, or `undefined` where it is not sampled. */
  begin(opening: TracedOpening): OpeningTrace | undefined;
  /** Sends what is left, and ends; at the latest after {@link ShutdownMs}. */
  shutdown(): Promise<void>;
}

/** How long spans that are left may take to be sent. */
const ShutdownMs = 2_000;
/** How long one request to the collector may take. */
const ExportMs = 5_000;
/** Spans that wait to be sent; those that come on top of them are lost. */
const MaxQueuedSpans = 4_096;
const MaxSpansPerRequest = 512;
/** Limits hit and the like, for one WebSocket; more are not told. */
const MaxEvents = 64;

/** What is no fault of anybody here: refusals by rule, and clients that leave. */
const FailedOpenings: ReadonlySet<OpeningResult> = new Set<OpeningResult>([
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_invalid",
  "exhausted",
  "deadline",
]);
const FailedStreams: ReadonlySet<StreamClose["cause"]> = new Set<StreamClose["cause"]>([
  "rule-broken",
  "stalled",
  "pong-timeout",
  "close-deadline",
  "handler-error",
]);

/**
 * Loads OpenTelemetry, which is installed by those who trace.
 *
 * @throws Error that says what to install.
 */
export async function loadTracing(options: TracingOptions): Promise<Tracing> {
  const { api, sdk, otlp, resources } = await loadPackages();
  const exporter = new otlp.OTLPTraceExporter({ url: options.endpoint, timeoutMillis: ExportMs });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": options.serviceName,
      "service.version": options.version,
    }),
    sampler: new sdk.AlwaysOnSampler(),
    spanLimits: { eventCountLimit: MaxEvents },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: {
          export: (spans, done) =>
            exporter.export(spans, (result) => {
              if (result.error !== undefined) options.onLost(spans.length, result.error.name);
              done(result);
            }),
          shutdown: () => exporter.shutdown(),
          forceFlush: () => exporter.forceFlush(),
        },
        maxQueueSize: MaxQueuedSpans,
        maxExportBatchSize: MaxSpansPerRequest,
        exportTimeoutMillis: ExportMs,
      }),
    ],
  });
  return new SampledTracing(api, provider.getTracer("hawser", options.version), options.sampleRatio, async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, ShutdownMs).unref());
    await Promise.race([provider.shutdown().catch(() => undefined), late]);
  });
}

async function loadPackages() {
  try {
    const [api, sdk, otlp, resources] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
    ]);
    return { api, sdk, otlp, resources };
  } catch (error) {
    const packages =
      "@opentelemetry/api@1 @opentelemetry/sdk-trace@2 @opentelemetry/resources@2 @opentelemetry/exporter-trace-otlp-http@0.223";
    throw new Error(`tracing needs OpenTelemetry: npm install ${packages}`, { cause: error });
  }
}

type Api = typeof import("@opentelemetry/api");

class SampledTracing implements Tracing {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #ratio: number;
  readonly #end: () => Promise<void>;

  constructor(api: Api, tracer: Tracer, ratio: number, end: () => Promise<void>) {
    this.#api = api;
    this.#tracer = tracer;
    this.#ratio = ratio;
    this.#end = end;
  }

  begin({ route, protocol, traceparent }: TracedOpening): OpeningTrace | undefined {
    const parent = traceparent === undefined ? undefined : tryParseTraceparent(traceparent);
    // Before a span is made: most openings cost a number.
    const isSampled = parent === undefined ? Math.random() < this.#ratio : parent.isSampled;
    if (!isSampled) return undefined;
    const { SpanKind } = this.#api;
    const name = route === "" ? "WebSocket opening" : `WebSocket opening ${route}`;
    const attributes = { "hawser.route": route, ...protocolAttributes(protocol) };
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, this.#contextOf(parent));
    return new OpeningSpan(this.#api, this.#tracer, span, parent === undefined ? "new" : "continued");
  }

  async shutdown(): Promise<void> {
    await this.#end();
  }

  #contextOf(parent: TraceParent | undefined): Context {
    const { trace, TraceFlags, ROOT_CONTEXT } = this.#api;
    if (parent === undefined) return ROOT_CONTEXT;
    const { traceId, spanId } = parent;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  }
}

class OpeningSpan implements OpeningTrace {
  readonly traceId: string;
  readonly #spanId: string;
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #isContinued: boolean;

  constructor(api: Api, tracer: Tracer, span: Span, trace: "new" | "continued") {
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.#spanId = spanId;
    this.#api = api;
    this.#tracer = tracer;
    this.#span = span;
    this.#isContinued = trace === "continued";
  }

  fieldsFor(lines: FieldLines): FieldLines {
    const kept: string[] = [];
    for (let i = 0; i < lines.length; i += 2) {
      const name = lines[i]!;
      // A `tracestate` belongs to the trace that goes on here, or to one that is not believed.
      const isKept = name === "tracestate" ? this.#isContinued : name !== "traceparent";
      if (isKept) kept.push(name, lines[i + 1]!);
    }
    kept.push("traceparent", formatTraceparent({ traceId: this.traceId, spanId: this.#spanId, isSampled: true }));
    return kept;
  }

  over({ result, status }: TracedOutcome): void {
    this.#span.setAttribute("hawser.result", result);
    if (status !== 0) this.#span.setAttribute("http.response.status_code", status);
    if (FailedOpenings.has(result)) this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: result });
    this.#span.end();
  }

  stream(record: StreamRecord): StreamTrace {
    const attributes = {
      "hawser.route": record.route,
      "hawser.upstream": record.upstream,
      "hawser.stream": record.id,
      ...protocolAttributes(record.protocol),
    };
    const context = this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, this.#span);
    const span = this.#tracer.startSpan(`WebSocket ${record.route}`, { attributes }, context);
    return new StreamSpan(this.#api, span);
  }
}

class StreamSpan implements StreamTrace {
  readonly #api: Api;
  readonly #span: Span;

  constructor(api: Api, span: Span) {
    this.#api = api;
    this.#span = span;
  }

  limitHit(limit: LimitKind): void {
    this.#span.addEvent("limit hit", { "hawser.limit": limit });
  }

  closing(code: number, cause: StreamClose["cause"]): void {
    this.#span.addEvent(cause === "drain" ? "drain" : "close", {
      "hawser.close.code": code,
      "hawser.close.cause": cause,
    });
  }

  ended(record: StreamRecord, { initiator, code, cause }: StreamClose): void {
    this.#span.setAttributes({
      "hawser.close.initiator": initiator,
      "hawser.close.code": code,
      "hawser.close.cause": cause,
      ...trafficAttributes("to_upstream", record.toUpstream),
      ...trafficAttributes("to_client", record.toClient),
    });
    if (FailedStreams.has(cause)) this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: cause });
    this.#span.end();
  }
}

function protocolAttributes(protocol: Protocol): Attributes {
  return { "network.protocol.name": "http", "network.protocol.version": protocol === "h2" ? "2" : "1.1" };
}

function trafficAttributes(direction: string, { bytes, text, binary }: StreamRecord["toClient"]): Attributes {
  return { [`hawser.${direction}.bytes`]: bytes, [`hawser.${direction}.messages`]: text + binary };
}
