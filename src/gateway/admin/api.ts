import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AdminConfig } from "../config/config.ts";
import { plain, type AdminAnswer, type WholeAnswer } from "./admin-answer.ts";
import { allowed, tryEndpoint, type AdminRequest, type Endpoint } from "./admin-endpoint.ts";
import { AdminGuard } from "./admin-guard.ts";
import { consoleEndpoints } from "./console-assets.ts";
import { EventStreams } from "./event-streams.ts";
import { gatewayEndpoints, type AdminSources } from "./gateway-endpoints.ts";
import { streamEndpoints } from "./stream-endpoints.ts";

/** Where a port was bound; `AddressInfo` of node has this shape. */
export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

/** Where the admin port listens and whom it asks. */
export interface AdminOptions extends Pick<AdminConfig, "host" | "port" | "auth" | "hosts"> {
  readonly sources: AdminSources;
}

/**
 * In milliseconds. `stallMs` ends a connection on which nothing moves within a request or its answer, `closeMs` is what
 * `close` grants a connection in the middle of one.
 */
export interface AdminDeadlines {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly stallMs: number;
  readonly keepAliveMs: number;
  readonly closeMs: number;
}

const Deadlines: AdminDeadlines = {
  headersMs: 5000,
  requestMs: 10_000,
  stallMs: 30_000,
  // Prometheus keeps its connection from one scrape to the next, seldom more than a minute: it must not meet our close.
  keepAliveMs: 75_000,
  closeMs: 1000,
};

/** A few probes, scrapers and people; more is a mistake or an attack, and costs descriptors that WebSockets need. */
const MaxConnections = 64;

/**
 * The admin port: `/livez` (200 while the process runs), `/readyz` (200, or 503 while it starts or drains) and `/metrics` for
 * everybody; streams, events, config, console and actions for operators, as {@link AdminGuard} knows them. Speaks HTTP/1.1
 * without TLS: it is meant for loopback or a network of its own.
 */
export class AdminServer {
  readonly #place: Pick<AdminOptions, "host" | "port">;
  readonly #closeMs: number;
  readonly #server: Server;
  readonly #guard: AdminGuard;
  readonly #events = new EventStreams();
  readonly #endpoints: readonly Endpoint[];

  constructor({ host, port, sources, ...rules }: AdminOptions, deadlines = Deadlines) {
    this.#place = { host, port };
    this.#closeMs = deadlines.closeMs;
    this.#guard = new AdminGuard(rules, sources.lockedOut);
    this.#endpoints = [
      ...gatewayEndpoints(sources),
      ...streamEndpoints(sources.streams, this.#events),
      ...consoleEndpoints(),
    ];
    const timeouts = {
      headersTimeout: deadlines.headersMs,
      requestTimeout: deadlines.requestMs,
      keepAliveTimeout: deadlines.keepAliveMs,
      // How often node looks for the first two; its own 30 s would make them mean little.
      connectionsCheckingInterval: Math.min(1000, deadlines.headersMs),
    };
    this.#server = createServer(timeouts, (request, response) => void this.#serve(request, response));
    this.#server.timeout = deadlines.stallMs;
    this.#server.maxConnections = MaxConnections;
    // Without descriptors `accept` fails with an 'error' here; the next attempt may succeed.
    this.#server.on("error", () => undefined);
  }

  /** Resolves with the bound address; rejects where it cannot bind. */
  listen(): Promise<BoundAddress> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ ...this.#place }, () => {
        this.#server.off("error", reject);
        const address = this.#server.address();
        if (address === null || typeof address === "string") reject(new Error("the admin port has no address"));
        else resolve(address);
      });
    });
  }

  /** Goes by `rules` from now on; who looks on has to ask again. */
  update(rules: Pick<AdminOptions, "auth" | "hosts">): void {
    this.#guard.update(rules);
    this.#events.end();
  }

  /** Stops listening; ends idle connections at once, the others when their answer is out, at the latest after `closeMs`. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), this.#closeMs);
      this.#server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      this.#events.end();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => response.destroy());
    const answered = await this.#answer(request);
    const answer = (answered.kind === "streamed" ? answered.tryRefusal?.() : undefined) ?? answered;
    // node keeps a connection whose request came before `close`, and then waits for it.
    if (!this.#server.listening) response.setHeader("connection", "close");
    if (answer.kind === "whole") return sendWhole(response, answer);
    response.writeHead(200, {
      "content-type": answer.type,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    if (request.method === "HEAD") return void response.end();
    try {
      await answer.write(response);
    } catch {
      response.destroy();
    }
  }

  async #answer(incoming: IncomingMessage): Promise<AdminAnswer> {
    const request = requestOf(incoming);
    const { method, path } = request;
    const found = tryEndpoint(this.#endpoints, path);
    if (found === undefined) return plain(404, `not found, try ${this.#endpoints.map(({ form }) => form).join(" ")}`);
    const { endpoint, argument } = found;
    const allow = { allow: allowed(endpoint) };
    if (method === "OPTIONS") return { kind: "whole", status: 204, type: "text/plain", body: "", fields: allow };
    const { GET, POST, DELETE } = endpoint.methods;
    const answerer = new Map([
      ["GET", GET],
      ["HEAD", GET],
      ["POST", POST],
      ["DELETE", DELETE],
    ]).get(method);
    if (answerer === undefined) return plain(405, `only ${allow.allow}`, allow);
    const refusal = this.#guard.tryRefusal(request, endpoint.audience);
    if (refusal !== undefined) return refusal;
    try {
      return await answerer(request, argument);
    } catch (error) {
      return plain(500, String(error));
    }
  }
}

function requestOf({ method = "", url = "", headers, socket }: IncomingMessage): AdminRequest {
  const [path = "", ...query] = url.split("?");
  const address = socket.remoteAddress ?? "";
  return { method, path, query: new URLSearchParams(query.join("?")), fields: headers, address };
}

function sendWhole(response: ServerResponse, { status, type, body, fields }: WholeAnswer): void {
  const hasContent = status !== 204 && status !== 304;
  response.writeHead(status, {
    ...(hasContent && { "content-type": type, "content-length": Buffer.byteLength(body) }),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...fields,
  });
  response.end(body);
}
