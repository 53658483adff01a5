import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { H1Connection } from "./h1-connection.ts";
import { isWebSocketUpgrade } from "./h1-request.ts";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";
import type { AcceptorDeadlines, HeaderLimits } from "./transport-limits.ts";

/**
 * Runs HTTP/1.1 on sockets that were accepted elsewhere: an Upgrade to websocket becomes an opening, every other request an
 * exchange. node:http parses, on a server that never listens and so keeps no deadlines: each connection keeps its own.
 */
export class H1Acceptor {
  readonly #deadlines: AcceptorDeadlines;
  readonly #headers: HeaderLimits;
  readonly #sink: AcceptorSink;
  readonly #server: Server;
  readonly #connections = new Map<Socket, H1Connection>();
  #draining = false;

  constructor(deadlines: AcceptorDeadlines, headers: HeaderLimits, sink: AcceptorSink) {
    this.#deadlines = deadlines;
    this.#headers = headers;
    this.#sink = sink;
    // node:http counts no 32 bytes for each line, so its bound lies beyond ours, and fields beyond a count of its own it would
    // drop without a word. That Host is there is judged with the rest of the request.
    this.#server = createServer({
      maxHeaderSize: headers.maxHeaderBytes,
      insecureHTTPParser: false,
      keepAliveTimeout: 0,
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocketUpgrade,
    });
    this.#server.maxHeadersCount = 0;
    this.#listen();
  }

  /** Takes the socket over. `connection` is the TCP socket beneath it where it is TLS, else the same. */
  serve(socket: Socket, connection: Socket, facts: ConnectionFacts): void {
    socket.once("close", () => this.#connections.delete(socket));
    this.#server.emit("connection", socket);
    this.#connections.set(
      socket,
      new H1Connection(socket, {
        facts,
        connection,
        deadlines: this.#deadlines,
        headers: this.#headers,
        sink: this.#sink,
        isDraining: () => this.#draining,
      }),
    );
  }

  /** From now on each new request is answered 503, and each answer is the last of its connection. */
  refuseNew(): void {
    this.#draining = true;
  }

  /** Closes the connections on which nothing is asked; the others close behind their answers. */
  goAway(): void {
    this.#draining = true;
    for (const connection of this.#connections.values()) connection.closeIfIdle();
  }

  #listen(): void {
    const server = this.#server;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      this.#connections.get(request.socket)?.onRequest(request, response);
    server.on("request", onRequest);
    // Who reads the body tells the client to continue.
    server.on("checkContinue", onRequest);
    server.on("checkExpectation", onRequest);
    // request.socket: what the event has beside it may be a stream of node's own around the socket.
    server.on("upgrade", (request, _, head) => this.#connections.get(request.socket)?.onUpgrade(request, head));
    server.on("connect", (request) => this.#connections.get(request.socket)?.onConnect(request));
    server.on("clientError", (error, socket: Socket) => this.#connections.get(socket)?.onClientError(error));
  }
}
