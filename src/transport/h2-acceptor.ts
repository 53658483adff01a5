import type { Socket } from "node:net";
import type { AcceptorSink, ConnectionFacts } from "./opening.ts";

/** The HTTP/2 engines there are. */
export const H2EngineNames = ["node", "hawser"] as const;
export type H2EngineName = (typeof H2EngineNames)[number];

/** What each HTTP/2 engine is set to; sizes in bytes, times in milliseconds. */
export interface H2Options {
  /** Who frames it: node:http2, or hawser itself. */
  readonly engine: H2EngineName;
  /** SETTINGS_MAX_CONCURRENT_STREAMS. Never lowered on a live connection. */
  readonly maxConcurrentStreams: number;
  /** The largest window of a stream, so what it may hold here unread. Only the engine `hawser` begins with less. */
  readonly streamWindowBytes: number;
  /** Window of the whole connection for bytes from the client; with the engine `hawser` what it may hold unread, too. */
  readonly connectionWindowBytes: number;
  /** Resets a client may send at once, and per second after that, before the connection is ended. */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Memory node:http2 grants one session, in MiB; beyond it new streams are refused. */
  readonly maxSessionMemoryMiB: number;
}

/** One live HTTP/2 server connection, whichever engine runs it. */
export interface H2Connection {
  readonly facts: ConnectionFacts;
  /** Streams open now, of every kind. */
  readonly openStreams: number;
  /** From now on each new stream is answered 503; open ones live on. Nothing is sent: GOAWAY comes last. */
  refuseNew(): void;
  /** Sends GOAWAY(NO_ERROR) with the last stream taken; the connection ends behind its last stream. */
  goAway(): void;
  /** Ends the connection now; each stream's consumer hears `connection-lost`. */
  destroy(): void;
}

/** Runs HTTP/2 on a socket that spoke `h2` by ALPN or began with the preface. Contract: `test/contract/h2-engine.ts`. */
export interface H2Engine {
  /**
   * Takes the socket over. Openings and exchanges go to `sink`; `onClose` is told once, when the connection is gone.
   * The engine keeps its own deadlines (SETTINGS, header block, answer, no stream) and an error handler on everything.
   *
   * @param settingsMs - what is left of the handshake's time for the client's SETTINGS.
   */
  serve(
    socket: Socket,
    facts: ConnectionFacts,
    sink: AcceptorSink,
    onClose: () => void,
    settingsMs: number,
  ): H2Connection;
}
