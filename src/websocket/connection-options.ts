import type { MessageLimits } from "../protocol/frame/message-meter.ts";
import type { Traffic } from "../protocol/frame/traffic.ts";
import type { Extension } from "../protocol/message/extension.ts";
import type { ConnectionEnding, ConnectionLimit } from "./connection-ending.ts";
import type { WebSocketHandler } from "./handler.ts";
import type { WebSocketRequest } from "./request.ts";

/** What a WebSocket may be, have and take, alike on a server and a client; sizes in bytes, times in milliseconds. */
export interface ConnectionOptions extends Partial<MessageLimits> {
  /** Pings and Pongs the peer may send at once; more is 1008. */
  readonly controlFrameBurst?: number;
  /** Pings and Pongs the peer may send a second in the long run; `undefined` for any number. */
  readonly controlFramesPerSecond?: number | undefined;
  /** How much may wait unsent before a sender that does not wait for `send` costs the connection; each message 1 KiB more. */
  readonly maxBufferedBytes?: number;
  /** How long the peer may take to answer a Close, and after that to end its half. */
  readonly closeMs?: number;
  /** How long the peer may take nothing while the transport is full. */
  readonly writeStallMs?: number;
  /** How long nothing may come from the peer until a Ping asks for it; `undefined`: never. */
  readonly pingIntervalMs?: number | undefined;
  /** How long nothing at all may come behind such a Ping; then the WebSocket is aborted. */
  readonly pongMs?: number;
  /** How long no message may go either way; then it is closed with 1001. `undefined`: for ever. */
  readonly idleMs?: number | undefined;
}

/** {@link ConnectionOptions} with what holds where nothing was said. Given as `undefined`, a limit is off. */
export const DefaultConnectionOptions = {
  maxMessageBytes: 10 * 1024 * 1024,
  maxFrameBytes: undefined,
  maxFragments: 4_096,
  controlFrameBurst: 256,
  controlFramesPerSecond: 64,
  maxBufferedBytes: 16 * 1024 * 1024,
  closeMs: 5_000,
  writeStallMs: 30_000,
  pingIntervalMs: 30_000,
  pongMs: 20_000,
  idleMs: undefined,
} as const satisfies ConnectionOptions;

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
  /** Told of each limit that this connection runs into. */
  readonly onLimit?: ((limit: ConnectionLimit) => void) | undefined;
  /** Told what goes to `onError` where the handler has none. */
  readonly onUnhandledError?: ((error: unknown) => void) | undefined;
  /** Told once, when the stream is over; no timer is left then. */
  readonly onEnded?: ((ending: ConnectionEnding) => void) | undefined;
}
