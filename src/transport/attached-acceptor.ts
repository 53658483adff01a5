import type { Server as HttpServer } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import type { AttachedContext, AttachedOptions } from "./attached-context.ts";
import { AttachedStreams } from "./attached-streams.ts";
import { AttachedUpgrades } from "./attached-upgrades.ts";
import { guardedSink } from "./guarded-sink.ts";
import type { AcceptorSink } from "./opening.ts";

/** A server of node:http, node:https or node:http2. */
export type NodeServer = HttpServer | Http2Server | Http2SecureServer;

/**
 * Takes the WebSocket openings of a server that somebody else runs, over either HTTP version; whatever else is asked stays
 * with its owner's listeners. HTTP/2 connections that are open already do not know yet that they may open WebSockets.
 *
 * An opening that is not ours is left alone as long as anybody else listens for it ('upgrade'; on HTTP/2 'connect', or
 * 'stream' where there is no 'request' listener), and else refused with 404. A 'stream' listener of the owner's must itself
 * leave alone what is ours.
 */
export class AttachedAcceptor {
  readonly #attached: { detach(): void }[];
  #isDraining = false;

  constructor(server: NodeServer, options: AttachedOptions, sink: AcceptorSink) {
    const context: AttachedContext = { ...options, sink: guardedSink(sink), isDraining: () => this.#isDraining };
    this.#attached = [new AttachedUpgrades(server, context)];
    if ("updateSettings" in server) this.#attached.push(new AttachedStreams(server, context));
  }

  /** From now on new openings are answered 503. */
  refuseNew(): void {
    this.#isDraining = true;
  }

  /** Takes the listeners away. The server lives on, and so does what was opened. Later calls do nothing. */
  detach(): void {
    for (const one of this.#attached.splice(0)) one.detach();
  }
}
