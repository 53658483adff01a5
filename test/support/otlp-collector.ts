import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A span as OTLP has it in JSON, as far as tests look at it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Their names, and the values of their attributes. */
  readonly events: readonly string[];
  readonly isFailed: boolean;
}

/** Takes OTLP over HTTP until the test is over. */
export interface OtlpCollector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** What the resources say for `service.name`. */
  readonly services: ReadonlySet<string>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
}

interface OtlpSpan extends Pick<CollectedSpan, "traceId" | "spanId" | "parentSpanId" | "name"> {
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly Pick<OtlpSpan, "name" | "attributes">[];
  readonly status: { readonly code?: number };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Starts one on loopback that answers with `status`. */
export async function startOtlpCollector(status = 200): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const services = new Set<string>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as OtlpRequest;
      for (const { resource, scopeSpans } of resourceSpans) {
        services.add(String(valuesOf(resource.attributes)["service.name"]));
        spans.push(...scopeSpans.flatMap((scope) => scope.spans).map(collected));
      }
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}/v1/traces`, spans, services };
}

function collected({ traceId, spanId, parentSpanId, name, attributes, events, status }: OtlpSpan): CollectedSpan {
  return {
    traceId,
    spanId,
    ...(parentSpanId && { parentSpanId }),
    name,
    attributes: valuesOf(attributes),
    events: events.map(({ name, attributes: of }) => [name, ...Object.values(valuesOf(of))].join(" ")),
    isFailed: status.code === 2,
  };
}

function valuesOf(attributes: readonly OtlpAttribute[]): Record<string, string | number> {
  const values = attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)] as const);
  return Object.fromEntries(values);
}
