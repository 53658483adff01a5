import { z } from "zod";
import { fraction, parsed, text } from "./schema-parts.ts";

function tryHttpUrl(written: string): string | undefined {
  const url = URL.parse(written);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:") ? url.href : undefined;
}

/** Whether and where openings and WebSockets are traced. */
export const TracingSchema = z.strictObject({
  endpoint: parsed("a URL such as http://127.0.0.1:4318/v1/traces", tryHttpUrl)
    .optional()
    .describe(
      "Where spans are sent, as OTLP over HTTP: a span for each opening that is sampled, one for the WebSocket behind it. " +
        "Default: nothing is traced. Fields for the collector, such as a token, are in OTEL_EXPORTER_OTLP_HEADERS.",
    ),
  sampleRatio: fraction()
    .default(0.01)
    .describe(
      "Which part of the openings is sampled. One that comes from one of `trustedProxies` with a `traceparent` is where that says so.",
    ),
  serviceName: text("a name").default("hawser").describe("What the spans say for `service.name`."),
});
