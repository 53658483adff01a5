import type { Registry } from "prom-client";
import { counterOf, histogramOf } from "./metric-family.ts";
import { Protocols, type Protocol } from "./stream-registry.ts";

/** What became of an ordinary HTTP request: it was answered, or who said no and why. */
export const RequestResults = [
  "answered",
  "no_route",
  "not_websocket",
  "host",
  "misdirected",
  "client_denied",
  "limited",
  "exhausted",
  "upstream_unreachable",
  "upstream_timeout",
  "upstream_invalid",
  "upstream_aborted",
  "deadline",
  "draining",
  "client_left",
  "failed",
] as const;
export type RequestResult = (typeof RequestResults)[number];

/** An ordinary HTTP request that is over. */
export interface RequestOutcome {
  /** Empty if no route matched. */
  readonly route: string;
  /** Name of the upstream that was asked; `undefined` if none was. */
  readonly upstream: string | undefined;
  readonly protocol: Protocol;
  readonly method: string;
  /** 0 if the client left before an answer. */
  readonly status: number;
  /** From the request's fields to the end of the response. */
  readonly seconds: number;
  /** Of the request's content. */
  readonly bytesIn: number;
  /** Of the response's content. */
  readonly bytesOut: number;
  readonly result: RequestResult;
  /** The limit that was hit, or the code of what went wrong, for the log: nothing in it is a peer's own words. */
  readonly detail?: string | undefined;
}

const StatusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] as const;
type StatusClass = (typeof StatusClasses)[number];

/** Seconds: from a file out of memory to a download; event streams, which last for hours, stand above. */
const RequestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600];

/** The metric families of ordinary HTTP requests. */
export class RequestMetrics {
  readonly #requests;
  readonly #duration;
  readonly #bytes;

  /** The families are in `registry` from now on. */
  constructor(registry: Registry) {
    this.#requests = counterOf(
      registry,
      "hawser_http_requests_total",
      "Ordinary HTTP requests, by class of status and what became of them.",
      ["route", "protocol", "status", "result"],
    );
    this.#duration = histogramOf(
      registry,
      "hawser_http_request_duration_seconds",
      "From the fields of a request to the end of its response.",
      ["route", "protocol", "status"],
      RequestBuckets,
    );
    this.#bytes = counterOf(
      registry,
      "hawser_http_content_bytes_total",
      "Bytes of content of ordinary HTTP requests (in) and their responses (out).",
      ["route", "protocol", "direction"],
    );
  }

  /** Begins with zeros for `route`: what ended well, and its bytes. */
  begin(route: string): void {
    for (const protocol of Protocols) {
      this.#requests.inc({ route, protocol, status: "2xx", result: "answered" }, 0);
      for (const direction of ["in", "out"]) this.#bytes.inc({ route, protocol, direction }, 0);
    }
  }

  /** Drops all series of `route`. */
  forget(route: string): void {
    for (const protocol of Protocols) {
      for (const status of StatusClasses) {
        this.#duration.remove({ route, protocol, status });
        for (const result of RequestResults) this.#requests.remove({ route, protocol, status, result });
      }
      for (const direction of ["in", "out"]) this.#bytes.remove({ route, protocol, direction });
    }
  }

  /** A request of `route` is over. */
  over(route: string, { protocol, status: code, seconds, bytesIn, bytesOut, result }: RequestOutcome): void {
    const status = statusClassOf(code);
    this.#requests.inc({ route, protocol, status, result });
    this.#duration.observe({ route, protocol, status }, seconds);
    this.#bytes.inc({ route, protocol, direction: "in" }, bytesIn);
    this.#bytes.inc({ route, protocol, direction: "out" }, bytesOut);
  }
}

function statusClassOf(status: number): StatusClass {
  return StatusClasses[Math.floor(status / 100) - 1] ?? "other";
}
