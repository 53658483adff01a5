import { WebSocketError } from "../protocol/errors.ts";
import type { Closing } from "../protocol/message/connection-machine.ts";
import { PermessageDeflateNegotiator } from "../protocol/message/permessage-deflate-negotiator.ts";
import { BlobOutbox, sizeOf } from "./blob-outbox.ts";
import { connect } from "./client.ts";
import { checkConnectOptions } from "./connect-option-check.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { DefaultConnectionOptions } from "./connection-options.ts";
import { type EventHandler, EventHandlerAttributes } from "./event-handler-attributes.ts";
import type { HandledConnection } from "./handler.ts";
import { parseCloseArguments, parseSubprotocols, parseUrlArgument } from "./web-socket-arguments.ts";
import { withDefaults } from "./with-defaults.ts";

/** What a browser has no way to say: all that {@link connect} takes but what the class itself is about. */
export interface WebSocketOptions extends Omit<ConnectOptions, "subprotocols" | "handler" | "signal"> {
  /** Opens it, over an HTTP/2 connection that its own WebSockets share; where absent, the client of {@link connect}. */
  readonly client?: WebSocketOpener | undefined;
}

/** Opens WebSockets for {@link WebSocket}; `WebSocketClient` is one. */
export interface WebSocketOpener {
  /** Rejects where the opening handshake fails or `options.signal` aborts. */
  connect(url: URL, options: ConnectOptions): Promise<unknown>;
}

/** An `error` event that also tells of what, which those of browsers keep to themselves. */
export interface WebSocketErrorEvent extends Event {
  /** A `WebSocketError`, or what a Blob could not be read for; `undefined` where the connection was lost. */
  readonly error: unknown;
}

/** The events of {@link WebSocket}. */
export interface WebSocketEvents {
  readonly open: Event;
  readonly message: MessageEvent;
  readonly error: WebSocketErrorEvent;
  readonly close: CloseEvent;
}

const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;
type ReadyState = (typeof ReadyState)[keyof typeof ReadyState];

/** The attributes and methods that are found by `for … in`, as in a browser. */
const Enumerable = [
  ...["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "send", "close"],
  ...["onopen", "onmessage", "onerror", "onclose"],
];

type AddListener = Parameters<EventTarget["addEventListener"]>;
type RemoveListener = Parameters<EventTarget["removeEventListener"]>;
type Listener<Type extends keyof WebSocketEvents> = EventHandler<WebSocket, WebSocketEvents[Type]>;

/**
 * The WebSocket of browsers (WebSockets Standard §3), over HTTP/1.1 or HTTP/2. What belongs to a page is left out: there are
 * no cookies, no forbidden ports, and an `Origin` only where the options have one. permessage-deflate is offered and no Pings
 * are sent, unless the options say otherwise.
 *
 *     CONNECTING ──▶ OPEN ──▶ CLOSING ──▶ CLOSED      error, if it failed, and close are told in CLOSED, once
 *          │           └───── the end ──────▲
 *          └─ close(): CLOSING ─────────────┘
 */
export class WebSocket extends EventTarget {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  static {
    const constants = Object.entries(ReadyState).map(([name, value]) => [name, { value, enumerable: true }]);
    Object.defineProperties(this, Object.fromEntries(constants));
    Object.defineProperties(this.prototype, Object.fromEntries(constants));
    Object.defineProperty(this.prototype, Symbol.toStringTag, { value: "WebSocket", configurable: true });
    for (const name of Enumerable) Object.defineProperty(this.prototype, name, { enumerable: true });
  }

  readonly #url: URL;
  readonly #opening = new AbortController();
  readonly #maxWaitingBytes: number;
  readonly #handlers = new EventHandlerAttributes<WebSocket>(this);
  #readyState: ReadyState = ReadyState.CONNECTING;
  #connection: HandledConnection | undefined;
  #outbox: BlobOutbox | undefined;
  #binaryType: "blob" | "arraybuffer" = "blob";
  #bufferedAmount = 0;
  /** Why it is to fail, although there may be a closing handshake. */
  #failure: unknown;

  /**
   * Begins to open it.
   *
   * @throws DOMException `SyntaxError` for a URL that is not absolute, has another scheme than `ws`, `wss`, `http` and `https`
   *   or a fragment, and for a subprotocol that is not a token or is there twice. RangeError for a number that is not allowed.
   */
  constructor(url: string | URL, protocols: string | Iterable<string> = [], options: WebSocketOptions = {}) {
    super();
    if (arguments.length === 0) throw new TypeError("a WebSocket needs a URL");
    this.#url = parseUrlArgument(String(url));
    checkConnectOptions(options, "new WebSocket()");
    const { client = { connect }, ...rest } = options;
    this.#maxWaitingBytes = rest.maxBufferedBytes ?? DefaultConnectionOptions.maxBufferedBytes;
    const opened = client.connect(this.#url, {
      ...withDefaults<ConnectOptions>(
        { extensions: [new PermessageDeflateNegotiator()], pingIntervalMs: Infinity },
        rest,
      ),
      subprotocols: parseSubprotocols(protocols),
      signal: this.#opening.signal,
      handler: {
        onOpen: (connection) => this.#onOpen(connection),
        onMessage: (_, message) => this.#onMessage(message),
        onClose: (_, closing) => this.#onClose(closing),
      },
    });
    opened.catch((error: unknown) => this.#end(error, { code: 1006, reason: "", wasClean: false }));
  }

  override addEventListener<T extends keyof WebSocketEvents>(
    type: T,
    listener: Listener<T>,
    options?: AddListener[2],
  ): void;
  override addEventListener(...parameters: AddListener): void;
  override addEventListener(...parameters: AddListener): void {
    super.addEventListener(...parameters);
  }

  override removeEventListener<T extends keyof WebSocketEvents>(
    type: T,
    listener: Listener<T>,
    options?: RemoveListener[2],
  ): void;
  override removeEventListener(...parameters: RemoveListener): void;
  override removeEventListener(...parameters: RemoveListener): void {
    super.removeEventListener(...parameters);
  }

  /** The URL it was made for, serialized. */
  get url(): string {
    return this.#url.href;
  }

  get readyState(): ReadyState {
    return this.#readyState;
  }

  /**
   * Bytes of messages, without framing, that the transport has not taken yet. It grows with each `send`, and what was not
   * taken before the end stays in it.
   */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  /** The names of the extensions agreed on, joined by `, `; empty before it is open. */
  get extensions(): string {
    return this.#connection?.extensions.join(", ") ?? "";
  }

  /** The subprotocol agreed on; empty for none, and before it is open. */
  get protocol(): string {
    return this.#connection?.subprotocol ?? "";
  }

  /** What binary messages come as. Setting it to anything else changes nothing. */
  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(type: "blob" | "arraybuffer") {
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  get onopen(): EventHandler<WebSocket, Event> | null {
    return this.#handlers.get("open");
  }

  set onopen(handler: EventHandler<WebSocket, Event> | null) {
    this.#handlers.set("open", handler);
  }

  get onmessage(): EventHandler<WebSocket, MessageEvent> | null {
    return this.#handlers.get("message");
  }

  set onmessage(handler: EventHandler<WebSocket, MessageEvent> | null) {
    this.#handlers.set("message", handler);
  }

  get onerror(): EventHandler<WebSocket, WebSocketErrorEvent> | null {
    return this.#handlers.get("error");
  }

  set onerror(handler: EventHandler<WebSocket, WebSocketErrorEvent> | null) {
    this.#handlers.set("error", handler);
  }

  get onclose(): EventHandler<WebSocket, CloseEvent> | null {
    return this.#handlers.get("close");
  }

  set onclose(handler: EventHandler<WebSocket, CloseEvent> | null) {
    this.#handlers.set("close", handler);
  }

  /**
   * Sends one message: what is neither bytes nor a Blob as text, lone surrogates in it as U+FFFD. The bytes are copied. After
   * the begin of the end it only counts in `bufferedAmount`. Where more waits than `maxBufferedBytes` it is not sent, and the
   * WebSocket fails with Close 1013.
   *
   * @throws DOMException `InvalidStateError` while it is connecting.
   * @throws TypeError for bytes in shared memory.
   */
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (arguments.length === 0) throw new TypeError("send needs a message");
    const message = messageOf(data);
    if (this.#readyState === ReadyState.CONNECTING) {
      throw new DOMException("the WebSocket is still connecting", "InvalidStateError");
    }
    const bytes = sizeOf(message);
    this.#bufferedAmount += bytes;
    if (this.#readyState !== ReadyState.OPEN) return;
    this.#outbox?.send(message).then(
      () => (this.#bufferedAmount -= bytes),
      (error: unknown) => this.#onLost(error),
    );
  }

  /**
   * Begins the closing handshake behind the messages sent; while it is connecting, gives that up. Does nothing after the
   * begin of the end.
   *
   * @throws DOMException `InvalidAccessError` for a code but 1000 and 3000–4999, `SyntaxError` for a reason of more than 123
   *   bytes.
   */
  close(code?: number, reason?: string): void {
    const close = parseCloseArguments(code, reason);
    if (this.#readyState >= ReadyState.CLOSING) return;
    const isConnecting = this.#readyState === ReadyState.CONNECTING;
    this.#readyState = ReadyState.CLOSING;
    if (isConnecting) this.#opening.abort();
    else this.#outbox?.close(close.code, close.reason);
  }

  /** A message was not sent. That the end had begun before it is no failure of its own. */
  #onLost(error: unknown): void {
    if (!(error instanceof WebSocketError && error.code === "WS_NOT_OPEN")) this.#failure ??= error;
  }

  #onOpen(connection: HandledConnection): Promise<void> | void {
    if (this.#readyState !== ReadyState.CONNECTING) return connection.abort();
    this.#connection = connection;
    this.#outbox = new BlobOutbox(connection, this.#maxWaitingBytes);
    this.#readyState = ReadyState.OPEN;
    this.dispatchEvent(new Event("open"));
    return microtasksDone();
  }

  #onMessage(message: string | Uint8Array): Promise<void> | void {
    if (this.#readyState !== ReadyState.OPEN) return;
    const data = typeof message === "string" ? message : this.#binary(message);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#url.origin }));
    return microtasksDone();
  }

  #binary(bytes: Uint8Array): Blob | ArrayBuffer {
    const { buffer, byteLength } = bytes;
    // The message is ours, and mostly all that its memory has.
    const own =
      buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : new Uint8Array(bytes).buffer;
    return this.#binaryType === "blob" ? new Blob([own]) : own;
  }

  #onClose({ peerClose, clean, error }: Closing): void {
    this.#end(error, { ...(peerClose ?? { code: 1006, reason: "" }), wasClean: clean });
  }

  #end(error: unknown, close: CloseEventInit): void {
    if (this.#readyState === ReadyState.CLOSED) return;
    this.#readyState = ReadyState.CLOSED;
    const failure = this.#failure ?? error;
    if (failure !== undefined || !close.wasClean) {
      this.dispatchEvent(Object.assign(new Event("error"), { error: failure }));
    }
    this.dispatchEvent(new CloseEvent("close", close));
  }
}

function messageOf(data: unknown): string | Uint8Array | Blob {
  if (data instanceof Blob) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) return String(data);
  if (!(data.buffer instanceof ArrayBuffer)) throw new TypeError("bytes to send are not in shared memory");
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Resolves when no microtask is left, as between two tasks of a browser: what a listener has set going, like a new listener
 * behind an `await`, is there before the next event.
 */
function microtasksDone(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}
