import type { MessageLimits } from "../protocol/frame/message-meter.ts";

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
