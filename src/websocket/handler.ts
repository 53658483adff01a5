import type { Readable, Writable } from "node:stream";
import type { Closing } from "../protocol/message/connection-machine.ts";
import type { SendOptions } from "../protocol/message/extension.ts";
import type { WebSocketRequest } from "./request.ts";

/** How long a call may wait. Without either it waits until the WebSocket is over. A time that is none is a RangeError. */
export interface WaitOptions {
  /** Gives up when it aborts: the call rejects with its reason. Nothing is lost: what comes later is for the next call. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up after so many milliseconds: the call rejects with WebSocketError `WS_WAIT_TIMEOUT`. Infinity: never. */
  readonly timeoutMs?: number | undefined;
}

/** A message whose payload comes in parts, as its frames arrive. */
export interface IncomingMessage {
  readonly type: "text" | "binary";
  /**
   * The payload, of a text UTF-8 that is checked as it comes; cut where the frames and reads are. What is not read holds the
   * peer back, from 64 KiB on. It ends with an error if the WebSocket ends within the message; nobody needs to listen.
   * Destroyed, the rest of the message is dropped. A compressed message is inflated whole before.
   */
  readonly body: Readable;
}

/** A WebSocket as its application has it: what it is given by a server, a client, and in each call of a handler. */
export interface HandledConnection<Data = unknown> extends AsyncIterable<string | Uint8Array> {
  /** The opening handshake; where we are the client, what we asked for. */
  readonly request: WebSocketRequest<Data>;
  /** The subprotocol agreed on, or `undefined` for none. */
  readonly subprotocol: string | undefined;
  /** The names of the extensions agreed on, in their order. */
  readonly extensions: readonly string[];
  /** `open` until a Close or the end, `closing` from our Close to the peer's, then `closed`. */
  readonly state: "open" | "closing" | "closed";
  /** How it ended; resolves once no message can come or go any more and our Close has left, and never rejects. */
  readonly closed: Promise<Closing>;
  /** Bytes sent that the transport has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * Sends one message: a string as text, bytes as binary; the bytes are copied. A lone surrogate, which UTF-8 cannot say,
   * becomes U+FFFD, as in a browser. Messages leave in the order of the calls, and wait for the end of a {@link sendStream}
   * begun before. Resolves when there is room for more, so waiting for it is what
   * keeps memory bounded. Where permessage-deflate was agreed on it is compressed, at once, unless `options` say not to; see
   * {@link SendOptions} for why one would.
   *
   * Rejects with WebSocketError `WS_BUFFER_FULL` where more than `maxBufferedBytes` would wait, each message counted as 1 KiB
   * more than it has: nothing of the message is sent, and the WebSocket is closed with 1013. Rejects with `WS_NOT_OPEN` after
   * a Close or the end. A rejection nobody waits for is dropped.
   */
  send(message: string | Uint8Array, options?: SendOptions): Promise<void>;
  /**
   * One message in parts, for what is too large to hold: each write leaves as one frame, the end as an empty last one. It is not
   * compressed. Its backpressure is the WebSocket's. What is written to a text must be UTF-8 as a whole. Where it is not, and
   * where the stream is destroyed before its end, the WebSocket is closed with 1011 if some of the message has left: it cannot
   * be taken back (RFC 6455 §5.4). Errors are those of {@link send}, and `WS_TEXT_NOT_UTF8`; nobody needs to listen.
   */
  sendStream(type: "text" | "binary"): Writable;
  /**
   * The next message, or `undefined` once the WebSocket is over: how it ended, `closed` tells. For connections whose handler
   * does not take the messages. Calls are served in their order. Messages wait for it, 64 of them or 64 KiB, then the peer is
   * held back. After our own {@link close} there are none; after any other end those that came before it are still there.
   *
   * Rejects with a TypeError where a handler takes the messages.
   */
  receive(options?: WaitOptions): Promise<string | Uint8Array | undefined>;
  /** Like {@link receive}, for the next message in parts: it is there as soon as it begins. One is read at a time. */
  receiveStream(options?: WaitOptions): Promise<IncomingMessage | undefined>;
  /**
   * Sends a Ping and resolves, when its Pong has come, to the round trip in milliseconds. Rejects with `WS_NOT_OPEN` if the
   * WebSocket is closing or ends before. What the peer sent before its Pong is read first: an application that does not
   * take its messages waits for itself.
   */
  ping(options?: WaitOptions): Promise<number>;
  /**
   * Begins the closing handshake: no message is sent or delivered after it. Does nothing after a Close or the end. Resolves
   * like `closed`, within the time that the options give the handshake.
   *
   * @param code - 1000–1003, 1007–1014 or 3000–4999; 1005 for a Close without a code; 1000 if not given.
   * @param reason - as much of it as fits into 123 bytes is sent, whole characters only.
   * @throws WebSocketError `WS_CLOSE_CODE_INVALID`, at once.
   */
  close(code?: number, reason?: string): Promise<Closing>;
  /** Ends it now, without a Close; what is buffered is dropped. */
  abort(): void;
}

/**
 * What an application does on a WebSocket. Each method may return a promise; nothing else that it returns counts. Until that
 * of `onOpen`, `onMessage` or `onMessageStream` has settled nothing further is read from the peer, so there is one message in
 * work at a time and the peer is held by flow control; its Pings and its Close wait too. What one throws goes to `onError`, and
 * the WebSocket is closed with 1011. Without `onMessage` and `onMessageStream` messages wait for `receive`, and `onOpen` holds
 * nothing up.
 */
export interface WebSocketHandler<Data = unknown> {
  onOpen?(connection: HandledConnection<Data>): unknown;
  /** One whole message. The bytes belong to the handler. */
  onMessage?(connection: HandledConnection<Data>, message: string | Uint8Array): unknown;
  /** Takes the place of `onMessage`: one message from its begin on. What it leaves of the body unread is dropped. */
  onMessageStream?(connection: HandledConnection<Data>, message: IncomingMessage): unknown;
  /** A Ping came, and its Pong is on the way, whatever this does. */
  onPing?(connection: HandledConnection<Data>, payload: Uint8Array): unknown;
  /** A Pong came, asked for or not. */
  onPong?(connection: HandledConnection<Data>, payload: Uint8Array): unknown;
  /** There is room again behind a `send` that had to wait. */
  onDrain?(connection: HandledConnection<Data>): unknown;
  /** Called once, when no message can come or go any more, even while another method is still at work. */
  onClose?(connection: HandledConnection<Data>, closing: Closing): unknown;
  /**
   * The peer broke a rule (a WebSocketError), or another method threw. `onClose` follows. What it throws is dropped. Without it what
   * a method threw goes to `onError` of the server; a client shows it as a warning of the process.
   */
  onError?(connection: HandledConnection<Data>, error: unknown): unknown;
}
