import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Whether the gateway wants traffic, as `/readyz` says it: 200 for `ready`, 503 and the word otherwise. */
export type Readiness = "starting" | "ready" | "draining";

/** Writes the scrape; `Metrics` of the telemetry has this shape. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Where the admin port was bound. */
export interface BoundAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** Where the admin port listens and whom it asks. */
export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: MetricsSource;
  readiness(): Readiness;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const PlainText = "text/plain; charset=utf-8";

/**
 * The admin port: `/livez` (200 while the process runs), `/readyz` (200, or 503 while it starts or drains), `/metrics`.
 * Speaks HTTP/1.1 without authentication or TLS: it is meant for loopback or a network of its own.
 */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #server: Server;
  readonly #answers: ReadonlyMap<string, () => Answer | Promise<Answer>>;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#answers = new Map<string, () => Answer | Promise<Answer>>([
      ["/livez", () => plain(200, "alive")],
      ["/readyz", () => this.#ready()],
      ["/metrics", () => this.#scrape()],
    ]);
    // Prometheus keeps its connection between scrapes, which are seldom more than a minute apart.
    const deadlines = {
      headersTimeout: 5000,
      requestTimeout: 10_000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 1000,
    };
    this.#server = createServer(deadlines, (request, response) => void this.#serve(request, response));
    this.#server.maxConnections = 64;
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

  /** Stops listening and ends idle connections at once, the others when their answer is out or after a second. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), 1000);
      this.#server.close(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => response.destroy());
    const { status, type, body } = await this.#answer(request, response);
    response.writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    });
    response.end(body);
  }

  async #answer({ method, url = "" }: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const answer = this.#answers.get(url.split("?", 1)[0] ?? "");
    if (!answer) return plain(404, `not found; here are ${[...this.#answers.keys()].join(", ")}`);
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return plain(405, "method not allowed");
    }
    try {
      return await answer();
    } catch {
      return plain(500, "failed");
    }
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
