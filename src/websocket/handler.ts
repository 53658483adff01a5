import type { OpeningRequest } from "../protocol/handshake/opening-request.ts";
import type { Closing } from "../protocol/message/connection-machine.ts";
import type { SendOptions } from "../protocol/message/extension.ts";

/** What a {@link WebSocketHandler} is given of its WebSocket. */
export interface HandledConnection {
  /** The client's half of the opening handshake; `undefined` where we are the client. */
  readonly request: OpeningRequest | undefined;
  /** The subprotocol agreed on, or `undefined` for none. */
  readonly subprotocol: string | undefined;
  /** Bytes sent that the transport has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * Sends one message: a string as text, bytes as binary; the bytes are copied. Messages leave in the order of the calls.
   * Resolves when there is room for more, so waiting for it is what keeps memory bounded. Where permessage-deflate was agreed
   * on it is compressed, at once, unless `options` say not to; see {@link SendOptions} for why one would.
   *
   * Rejects with WebSocketError `WS_BUFFER_FULL` where more than `maxBufferedBytes` would wait, each message counted as 1 KiB
   * more than it has: nothing of the message is sent, and the WebSocket is closed with 1013. Rejects with `WS_NOT_OPEN` after
   * a Close or the end. A rejection nobody waits for is dropped.
   */
  send(message: string | Uint8Array, options?: SendOptions): Promise<void>;
  /**
   * Begins the closing handshake: no message is sent or delivered after it. Does nothing after a Close or the end.
   *
   * @param code - 1000–1003, 1007–1014 or 3000–4999; 1000 if not given.
   * @param reason - as much of it as fits into 123 bytes is sent.
   * @throws WebSocketError `WS_CLOSE_CODE_INVALID`.
   */
  close(code?: number, reason?: string): void;
  /** Ends it now, without a Close; what is buffered is dropped. */
  abort(): void;
}

/**
 * What an application does on a WebSocket. Each method may return a promise. Until that of `onOpen` or `onMessage` has
 * settled nothing further is read from the peer, so there is one message in work at a time and the peer is held by flow
 * control; its Pings and its Close wait too. What one throws goes to `onError`, and the WebSocket is closed with 1011.
 */
export interface WebSocketHandler {
  onOpen?(connection: HandledConnection): void | Promise<void>;
  /** One whole message. The bytes belong to the handler. */
  onMessage?(connection: HandledConnection, message: string | Uint8Array): void | Promise<void>;
  /** Called once, when no message can come or go any more, even while another method is still at work. */
  onClose?(connection: HandledConnection, closing: Closing): void | Promise<void>;
  /** The peer broke a rule (a WebSocketError), or another method threw. `onClose` follows. What it throws is dropped. */
  onError?(connection: HandledConnection, error: unknown): void | Promise<void>;
}
