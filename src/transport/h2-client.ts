import type { ConnectRequest } from "../protocol/handshake/extended-connect.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import type { AskResult } from "./h1-asking.ts";
import type { StandingConnection } from "./upstream-connecting.ts";

/** How an HTTP/2 connection of a client is kept; times in milliseconds. */
export interface H2ClientOptions {
  /** How many streams may be open on it at once, if its server allows as many. */
  readonly maxStreams: number;
  /** How long it is kept without a stream. */
  readonly idleMs: number;
  /** How long nothing may come until a PING asks for it; Infinity: never. */
  readonly pingIntervalMs: number;
  /** How long nothing at all may come behind such a PING; then the connection is cut. */
  readonly pongMs: number;
}

/** Who has an {@link H2Client}. What it is told, it is never told from within a call. */
export interface H2ClientOwner {
  /** The server's first SETTINGS are there. */
  onSettings(client: H2Client): void;
  /** A stream has ended, or the server has changed how many there may be. */
  onRoom(): void;
  /** Told once: no further stream can be opened on it. */
  onLeaving(client: H2Client): void;
  /** Told once, at the end: the connection is gone. */
  onClosed(client: H2Client): void;
}

/** As over HTTP/1.1, and `unprocessed` where the server says that it has done nothing for it (RFC 9113 §8.7). */
export type H2AskResult = AskResult | { readonly type: "unprocessed"; readonly error: Error | undefined };

/** An opening that was asked for and has no result yet. */
export interface PendingAsk {
  /** Time is up: what is missing then of a refusal's body is left out. */
  expire(): void;
  /** Nobody wants it any more. */
  abort(): void;
}

/**
 * One HTTP/2 connection of a client, shared by its WebSockets (RFC 8441), whichever engine runs it.
 *
 *     opening ──SETTINGS──▶ open ──GOAWAY, retire, idle──▶ leaving ──last stream──▶ closed
 *        └─────────────────── lost, no answer to a PING, destroy ────────────────────▲
 *
 * It keeps the process alive while a stream is open, and while its SETTINGS are waited for.
 */
export interface H2Client {
  readonly standing: StandingConnection;
  /** Whether the server takes WebSockets, as its first SETTINGS say (RFC 8441 §3). */
  readonly takesWebSockets: boolean;
  /** Whether no stream is open on it. */
  readonly isEmpty: boolean;
  /** Whether another stream may be opened now. */
  readonly hasRoom: boolean;
  /**
   * Asks for a WebSocket on a stream of its own (RFC 8441 §4–5), where there is room.
   *
   * @param done - called exactly once, never from within this call.
   * @throws TypeError for a request that cannot be written.
   */
  ask(
    request: ConnectRequest,
    judge: (fields: FieldLines) => CheckedAnswer,
    done: (result: H2AskResult) => void,
  ): PendingAsk;
  /** Opens no further stream; it ends behind its last one. */
  retire(): void;
  /** Ends it now, with all its streams. */
  destroy(): void;
}

/** What one WebSocket, and all of a connection, may hold here unread: as a server of ours has it. */
export const ClientWindows = { streamBytes: 1_048_576, connectionBytes: 16_777_216 } as const;

/** Makes a client of a connection on which HTTP/2 is to be spoken, and which is its own from then on. */
export type OpenH2Client = (standing: StandingConnection, options: H2ClientOptions, owner: H2ClientOwner) => H2Client;
