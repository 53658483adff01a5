import type { Writable } from "node:stream";
import { CloseCode } from "../protocol/close-code.ts";
import { FrameScanner } from "../protocol/frame/frame-scanner.ts";
import { FrameTap, type FrameWatch } from "../protocol/frame/frame-tap.ts";
import type { Closing } from "../protocol/message/connection-machine.ts";
import type { SendOptions } from "../protocol/message/extension.ts";
import type { ByteStream } from "../transport/byte-stream.ts";
import type { DrainCause } from "./connection-ending.ts";
import type { WebSocketConnectionOptions } from "./connection-options.ts";
import { Endpoint } from "./endpoint.ts";
import type { HandledConnection, IncomingMessage, WaitOptions } from "./handler.ts";
import type { WebSocketRequest } from "./request.ts";

const NoExtensions: readonly string[] = [];

/** By a clock that never goes back. */
const nowMs = (): number => performance.now();

/**
 * A WebSocket as its application sees it, over an {@link Endpoint} that does the work. `onOpen` is called in the microtask
 * behind the constructor. Each method is described at {@link HandledConnection}.
 */
export class WebSocketConnection<Data = unknown> implements HandledConnection<Data> {
  readonly request: WebSocketRequest<Data>;
  readonly subprotocol: string | undefined;
  readonly extensions: readonly string[];
  readonly #endpoint: Endpoint<Data>;

  /** @throws RangeError for a number among `options` that is not allowed; `stream` is as it was then. */
  constructor(stream: ByteStream, options: WebSocketConnectionOptions<Data>) {
    this.request = options.request;
    this.subprotocol = options.subprotocol;
    this.extensions = options.extensions?.map(({ name }) => name) ?? NoExtensions;
    this.#endpoint = new Endpoint(this, stream, options, nowMs);
    this.#endpoint.start();
  }

  get state(): "open" | "closing" | "closed" {
    return this.#endpoint.machine.state;
  }

  get closed(): Promise<Closing> {
    return this.#endpoint.closed;
  }

  get bufferedBytes(): number {
    return this.#endpoint.sender.bufferedBytes;
  }

  /** Bytes that came and that the application has nothing of yet. */
  get heldBytes(): number {
    return this.#endpoint.inbox.bytes + this.#endpoint.machine.heldBytes;
  }

  /** Tells whoever runs the connection of the frames of both sides from now on; `undefined`: of none. */
  watch(incoming: FrameWatch | undefined, outgoing: FrameWatch | undefined): void {
    const { inbox, outbox, machine } = this.#endpoint;
    inbox.tap = incoming && new FrameTap(machine.decoder.scanner, incoming);
    // What is written is whole frames.
    outbox.tap = outgoing && new FrameTap(new FrameScanner(), outgoing);
  }

  send(message: string | Uint8Array, options?: SendOptions): Promise<void> {
    return promised(() => this.#endpoint.sender.send(message, options));
  }

  sendStream(type: "text" | "binary"): Writable {
    return this.#endpoint.sender.sendStream(type);
  }

  receive(options: WaitOptions = {}): Promise<string | Uint8Array | undefined> {
    return this.#endpoint.intake.receive(options);
  }

  receiveStream(options: WaitOptions = {}): Promise<IncomingMessage | undefined> {
    return this.#endpoint.intake.receiveStream(options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array, void, undefined> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  ping(options: WaitOptions = {}): Promise<number> {
    return promised(() => this.#endpoint.sender.ping(options, nowMs));
  }

  close(code: number = CloseCode.Normal, reason = ""): Promise<Closing> {
    this.#endpoint.close("close-frame", code, reason);
    return this.#endpoint.closed;
  }

  /** Closes like `close`, for whoever runs the connection; counted as `cause`. */
  drain(code: number, cause: DrainCause, reason = ""): void {
    this.#endpoint.close(cause, code, reason);
  }

  abort(): void {
    this.#endpoint.abort("reset");
  }
}

/** What `act` gives, or throws, as a promise. A rejection of it that nobody waits for is dropped, and ends no process. */
function promised<Result>(act: () => Promise<Result> | Result): Promise<Result> {
  try {
    const result = act();
    if (!(result instanceof Promise)) return Promise.resolve(result);
    result.catch(() => {});
    return result;
  } catch (error) {
    const failed = Promise.reject<Result>(error);
    failed.catch(() => {});
    return failed;
  }
}
