import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isLoopback } from "../config/addresses.ts";
import { plainAddress } from "../routing/address-list.ts";

/** Whether the gateway wants traffic, as `/readyz` says it: 200 for `ready`, 503 and the word otherwise. */
export type Readiness = "starting" | "ready" | "draining";

/** Writes the scrape; `Metrics` of the telemetry has this shape. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Where a port was bound; `AddressInfo` of node has this shape. */
export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

/** What became of an action that an operator asked for, in one line or more. */
export interface ActionOutcome {
  /** 200 it is done, 202 it has begun, 422 it was refused. */
  readonly status: 200 | 202 | 422;
  readonly text: string;
}

/** Where the admin port listens and whom it asks. */
export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: MetricsSource;
  readiness(): Readiness;
  /** What `POST /NAME` does, by name. */
  readonly actions: ReadonlyMap<string, () => ActionOutcome | Promise<ActionOutcome>>;
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

/** A few probes and scrapers; more is a mistake or an attack, and costs descriptors that WebSockets need. */
const MaxConnections = 64;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const PlainText = "text/plain; charset=utf-8";

/**
 * The admin port: `/livez` (200 while the process runs), `/readyz` (200, or 503 while it starts or drains), `/metrics`, and
 * by POST the actions. Speaks HTTP/1.1 without authentication or TLS: it is meant for loopback or a network of its own.
 * Actions are for this machine alone, and not for a browser's pages: who comes from elsewhere, or with an `Origin`, is
 * answered 403.
 */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #closeMs: number;
  readonly #server: Server;
  readonly #answers: ReadonlyMap<string, () => Answer | Promise<Answer>>;

  constructor(options: AdminOptions, deadlines = Deadlines) {
    this.#options = options;
    this.#closeMs = deadlines.closeMs;
    this.#answers = new Map<string, () => Answer | Promise<Answer>>([
      ["/livez", () => plain(200, "alive")],
      ["/readyz", () => this.#ready()],
      ["/metrics", () => this.#scrape()],
    ]);
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
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        const address = this.#server.address();
        if (address === null || typeof address === "string") reject(new Error("the admin port has no address"));
        else resolve(address);
      });
    });
  }

  /** Stops listening; ends idle connections at once, the others when their answer is out, at the latest after `closeMs`. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), this.#closeMs);
      this.#server.close(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => response.destroy());
    const { status, type, body } = await this.#answer(request, response);
    // node keeps a connection whose request came before `close`, and then waits for it.
    if (!this.#server.listening) response.setHeader("connection", "close");
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    });
    response.end(body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { method, url = "" } = request;
    const [path = ""] = url.split("?", 1);
    const action = this.#options.actions.get(path.slice(1));
    if (action) return await this.#act(action, request, response);
    const answer = this.#answers.get(path);
    if (!answer) return plain(404, `not found, try ${this.#paths.join(" ")}`);
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return plain(405, "method not allowed");
    }
    try {
      return await answer();
    } catch (error) {
      return plain(500, String(error));
    }
  }

  async #act(
    action: () => ActionOutcome | Promise<ActionOutcome>,
    { method, headers, socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<Answer> {
    if (method !== "POST") {
      response.setHeader("allow", "POST");
      return plain(405, "only POST does anything here");
    }
    // A browser says with every POST which page it comes from, whatever that page made of names and addresses.
    if (headers.origin !== undefined || !isLoopback(plainAddress(socket.remoteAddress ?? ""))) {
      return plain(403, "only for programs on this machine");
    }
    const { status, text } = await action();
    return plain(status, text);
  }

  get #paths(): string[] {
    return [...this.#answers.keys(), ...[...this.#options.actions.keys()].map((name) => `/${name}`)];
  }

  #ready(): Answer {
    const readiness = this.#options.readiness();
    return plain(readiness === "ready" ? 200 : 503, readiness);
  }

  async #scrape(): Promise<Answer> {
    const { metrics } = this.#options;
    return { status: 200, type: metrics.contentType, body: await metrics.text() };
  }
}

function plain(status: number, body: string): Answer {
  return { status, type: PlainText, body: `${body}\n` };
}
