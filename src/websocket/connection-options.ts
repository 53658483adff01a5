import type { Traffic } from "../protocol/frame/traffic.ts";
import type { Extension } from "../protocol/message/extension.ts";
import type { ConnectionEnding, ConnectionLimit } from "./connection-ending.ts";
import type { WebSocketHandler } from "./handler.ts";
import { checkNumbers, Count, Limit, Milliseconds, type NumberRules, PerSecond } from "./number-rules.ts";
import type { WebSocketRequest } from "./request.ts";
import { withDefaults } from "./with-defaults.ts";

/**
 * What a WebSocket may be, have and take, alike on a server and a client; sizes in bytes, times in milliseconds. What is left
 * out or `undefined` is as {@link DefaultConnectionOptions} have it. Infinity is no limit, and for a time never; where nothing is
 * said of it, it may not be given.
 */
export interface ConnectionOptions {
  /** Payload bytes of one message, before and after compression; more is 1009. Infinity: any. */
  readonly maxMessageBytes?: number | undefined;
  /** Payload bytes of one frame; more is 1009. Infinity: any. */
  readonly maxFrameBytes?: number | undefined;
  /** Frames of one message, empty ones included; more is 1008. Infinity: any number. */
  readonly maxFragments?: number | undefined;
  /** Pings and Pongs the peer may send at once; more is 1008. */
  readonly controlFrameBurst?: number | undefined;
  /** Pings and Pongs the peer may send a second in the long run. Infinity: any number. */
  readonly controlFramesPerSecond?: number | undefined;
  /**
   * How much may wait unsent before a sender that does not wait for `send` costs the connection; each message 1 KiB more.
   * Infinity: as much as memory holds.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** How long the peer may take to answer a Close, and after that to end its half. */
  readonly closeMs?: number | undefined;
  /** How long the peer may take nothing while the transport is full. */
  readonly writeStallMs?: number | undefined;
  /**
   * How long nothing may come from the peer until a Ping asks for it. While nothing is read, since the application takes nothing,
   * so often goes a Pong out instead: it needs no answer, and the transport notices a peer that is gone. Infinity: neither.
   */
  readonly pingIntervalMs?: number | undefined;
  /** How long nothing at all may come behind such a Ping; then the WebSocket is aborted. */
  readonly pongMs?: number | undefined;
  /** How long no message may go either way; then it is closed with 1001. Infinity: for ever. */
  readonly idleMs?: number | undefined;
}

/** {@link ConnectionOptions} with a value for each. */
export type ConnectionSettings = Readonly<Record<keyof ConnectionOptions, number>>;

/** {@link ConnectionOptions} with what holds where nothing was said. */
export const DefaultConnectionOptions: ConnectionSettings = {
  maxMessageBytes: 10 * 1024 * 1024,
  maxFrameBytes: Infinity,
  maxFragments: 4_096,
  controlFrameBurst: 256,
  controlFramesPerSecond: 64,
  maxBufferedBytes: 16 * 1024 * 1024,
  closeMs: 5_000,
  writeStallMs: 30_000,
  pingIntervalMs: 30_000,
  pongMs: 20_000,
  idleMs: Infinity,
};

/** What the numbers of {@link ConnectionOptions} may be. */
export const ConnectionNumbers: NumberRules<ConnectionOptions> = {
  maxMessageBytes: Limit,
  maxFrameBytes: Limit,
  maxFragments: Limit,
  controlFrameBurst: Count,
  controlFramesPerSecond: { ...PerSecond, infinity: "no limit" },
  maxBufferedBytes: Limit,
  closeMs: Milliseconds,
  writeStallMs: Milliseconds,
  pingIntervalMs: { ...Milliseconds, infinity: "never" },
  pongMs: Milliseconds,
  idleMs: { ...Milliseconds, infinity: "never" },
};

/** What holds for a connection with `options`. @throws RangeError for a number that is not allowed. */
export function connectionSettings(options: ConnectionOptions): ConnectionSettings {
  checkNumbers(options, ConnectionNumbers);
  return withDefaults(DefaultConnectionOptions, options);
}

/** What a WebSocketConnection is made of beside its stream. */
export interface WebSocketConnectionOptions<Data = unknown> extends ConnectionOptions {
  /** A client masks what it sends, a server does not. */
  readonly role: "server" | "client";
  readonly request: WebSocketRequest<Data>;
  readonly subprotocol: string | undefined;
  /** What was agreed on in the opening handshake, in its order and for this WebSocket only; none if not given. */
  readonly extensions?: readonly Extension[] | undefined;
  /** Without one, or without `onMessage` and `onMessageStream`, messages wait for `receive`. */
  readonly handler?: WebSocketHandler<Data> | undefined;
  /** How long the peer may take to end its half when all is said and has left, in milliseconds; `closeMs` where not given. */
  readonly lingerMs?: number | undefined;
  /** Counts what comes in, up to the end; a `Traffic` of its own where not given. */
  readonly incoming?: Traffic | undefined;
  /** Counts what goes out. */
  readonly outgoing?: Traffic | undefined;
  /** Told how long a Ping of the application took until its Pong, in milliseconds. */
  readonly onRoundTrip?: ((ms: number) => void) | undefined;
  /** Told of each limit that this connection runs into. */
  readonly onLimit?: ((limit: ConnectionLimit) => void) | undefined;
  /** Told what goes to `onError` where the handler has none. */
  readonly onUnhandledError?: ((error: unknown) => void) | undefined;
  /** Told once, when the stream is over; no timer is left then. */
  readonly onEnded?: ((ending: ConnectionEnding) => void) | undefined;
}
