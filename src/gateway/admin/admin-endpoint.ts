import type { IncomingHttpHeaders } from "node:http";
import type { AdminAnswer } from "./admin-answer.ts";

/** A request on the admin port, its head alone: no content is ever read. */
export interface AdminRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: IncomingHttpHeaders;
  /** Of whom the connection came from. */
  readonly address: string;
}

/** Answers one request; `argument` is what stands in the path where the form of the endpoint has a variable part. */
export type Answerer = (request: AdminRequest, argument: string) => AdminAnswer | Promise<AdminAnswer>;

/**
 * Whom an endpoint is for: `everybody`, as probes and scrapers ask without credentials; `operators`; or it is part of the
 * `page` on which operators sign in, so it comes before their credentials do.
 */
export type Audience = "everybody" | "operators" | "page";

/** One path, or all of one form, and what can be done there. HEAD comes with GET. */
export interface Endpoint {
  /** As people are told of it; one word in capitals stands for a number, or `…` at its end for a rest. */
  readonly form: string;
  readonly audience: Audience;
  readonly methods: Readonly<Partial<Record<"GET" | "POST" | "DELETE", Answerer>>>;
}

/** An endpoint that a path leads to. */
export interface FoundEndpoint {
  readonly endpoint: Endpoint;
  readonly argument: string;
}

/** The endpoint of `endpoints` at `path`; the first that fits. */
export function tryEndpoint(endpoints: readonly Endpoint[], path: string): FoundEndpoint | undefined {
  for (const endpoint of endpoints) {
    const argument = tryArgument(endpoint.form, path);
    if (argument !== undefined) return { endpoint, argument };
  }
  return undefined;
}

/** What can be done at `endpoint`, for an `Allow` field (RFC 9110 §10.2.1). */
export function allowed({ methods }: Endpoint): string {
  const named = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...named, "OPTIONS"].join(", ");
}

function tryArgument(form: string, path: string): string | undefined {
  if (form.endsWith("…")) {
    const before = form.slice(0, -1);
    return path.startsWith(before) ? path.slice(before.length) : undefined;
  }
  const [before = "", behind] = form.split("ID", 2);
  if (behind === undefined) return path === form ? "" : undefined;
  if (!path.startsWith(before) || !path.endsWith(behind)) return undefined;
  const argument = path.slice(before.length, path.length - behind.length);
  return /^\d{1,16}$/.test(argument) ? argument : undefined;
}
