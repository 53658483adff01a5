import { WebSocketRequest } from "../../src/websocket/request.ts";
import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import type { ConnectOptions } from "../../src/websocket/connect-options.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import { WebSocket, type WebSocketOpener, type WebSocketOptions } from "../../src/websocket/web-socket.ts";
import { Peer, settled } from "./websocket-peer.ts";

/** Opens WebSockets in memory, when and how a test says. */
export class MemoryOpener implements WebSocketOpener {
  readonly #pair: MemoryPairOptions;
  readonly #opened = Promise.withResolvers<unknown>();
  /** What it was asked to open. */
  url: URL | undefined;
  options: ConnectOptions = {};

  constructor(pair: MemoryPairOptions = {}) {
    this.#pair = pair;
  }

  connect(url: URL, options: ConnectOptions): Promise<unknown> {
    this.url = url;
    this.options = options;
    options.signal?.addEventListener("abort", () => this.refuse(options.signal?.reason));
    return this.#opened.promise;
  }

  /** Opens it, and returns its server. */
  accept(subprotocol?: string): Peer {
    const { near, far } = createMemoryPair(this.#pair);
    const peer = new Peer(far, "server");
    const asked = {
      ...({ httpVersion: "1.1", scheme: "http", authority: "localhost", path: "/" } as const),
      ...{ subprotocols: this.options.subprotocols ?? [], extensions: "", fields: [] },
    };
    const request = new WebSocketRequest(asked, { address: "127.0.0.1", port: 80, tls: undefined }, undefined);
    const { handler, extensions: _, ...options } = this.options;
    this.#opened.resolve(new WebSocketConnection(near, { ...options, role: "client", request, subprotocol, handler }));
    return peer;
  }

  /** Has the opening fail. */
  refuse(error: unknown): void {
    this.#opened.reject(error);
  }
}

/** What a {@link WebSocket} of a test has told: `open`, `message`, `error`, `close`, in order. */
export interface MemorySocket {
  readonly socket: WebSocket;
  readonly opener: MemoryOpener;
  readonly events: Event[];
}

/** A WebSocket that waits for its opener. */
export function connectingSocket(options: WebSocketOptions & { readonly pair?: MemoryPairOptions } = {}): MemorySocket {
  const { pair, ...rest } = options;
  const opener = new MemoryOpener(pair);
  const socket = new WebSocket("ws://localhost/", ["chat"], { client: opener, ...rest });
  const events: Event[] = [];
  for (const type of ["open", "message", "error", "close"])
    socket.addEventListener(type, (event) => events.push(event));
  return { socket, opener, events };
}

/** One that is open, with its server. */
export async function openSocket(
  options: WebSocketOptions & { readonly pair?: MemoryPairOptions } = {},
): Promise<MemorySocket & { readonly peer: Peer }> {
  const it = connectingSocket(options);
  const peer = it.opener.accept("chat");
  await settled();
  return { ...it, peer };
}

/** Events as lines: `open`, `message Hello`, `close 1000 bye clean`. */
export function told(events: readonly Event[]): string[] {
  return events.map((event) => {
    if (event instanceof MessageEvent) return `message ${String(event.data)}`;
    if (!(event instanceof CloseEvent)) return event.type;
    return ["close", event.code, event.reason, event.wasClean ? "clean" : "unclean"]
      .filter((part) => part !== "")
      .join(" ");
  });
}
