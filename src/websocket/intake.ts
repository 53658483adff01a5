import type { ConnectionMachine } from "../protocol/message/connection-machine.ts";
import type { MessagePart } from "../protocol/message/message.ts";
import type { IncomingMessage, WaitOptions, WebSocketHandler } from "./handler.ts";
import type { HandlerCalls } from "./handler-calls.ts";
import { inOnePart, IncomingBody } from "./incoming-body.ts";
import { MessageQueue } from "./message-queue.ts";

/** The connection that an {@link Intake} is of. */
export interface IntakeOwner<Data> {
  readonly handler: WebSocketHandler<Data>;
  readonly calls: HandlerCalls<Data>;
  readonly machine: ConnectionMachine;
  /** More can be taken than before. */
  onWanted(): void;
}

/**
 * Where the peer's messages go: to the method of the handler that takes them, one after the other, or into a queue for whoever
 * asks. It says how much may come: nothing while a method is at work, but the rest of the message it reads.
 */
export class Intake<Data> {
  readonly #owner: IntakeOwner<Data>;
  /** Where no method takes the messages. */
  readonly #queue: MessageQueue | undefined;
  /** The message that has begun to come in parts and not ended. */
  #body: IncomingBody | undefined;

  constructor(owner: IntakeOwner<Data>) {
    this.#owner = owner;
    const { handler, machine } = owner;
    if (handler.onMessageStream) machine.deliverParts();
    else if (!handler.onMessage) this.#queue = new MessageQueue();
  }

  /** Whether the next frame may be read. */
  get isOpen(): boolean {
    if (this.#body?.isFull) return false;
    const { calls, machine } = this.#owner;
    if (this.#queue) return !this.#queue.isFull(machine.heldBytes);
    return !calls.isBusy || this.#body !== undefined;
  }

  /** Lets the next message come as it is waited for. Returns whether what is held of one may come out at once. */
  prepare(): boolean {
    if (!this.#queue) return false;
    if (!this.#queue.wantsParts) {
      this.#owner.machine.deliverWhole();
      return false;
    }
    this.#owner.machine.deliverParts();
    return true;
  }

  /** A whole message came. */
  add(message: string | Uint8Array): void {
    const { handler, calls } = this.#owner;
    if (this.#queue) this.#queue.add(message);
    else if (handler.onMessageStream) calls.messageStream(inOnePart(message));
    else calls.message(message);
  }

  /** A part of a message came. */
  addPart(part: MessagePart): void {
    // The part is in the body before anybody has that: to read of it is to ask for more, and more may be there.
    const body = part.isFirst ? new IncomingBody(part.of, () => this.#owner.onWanted()) : this.#body;
    body?.add(part);
    this.#body = part.isLast ? undefined : body;
    if (part.isFirst && body) this.#handOver(body.message);
  }

  /** As `HandledConnection.receive`. */
  async receive(options: WaitOptions): Promise<string | Uint8Array | undefined> {
    const message = this.#queueOrThrow().receive(options);
    this.#owner.onWanted();
    return message;
  }

  /** As `HandledConnection.receiveStream`. */
  async receiveStream(options: WaitOptions): Promise<IncomingMessage | undefined> {
    const message = this.#queueOrThrow().receiveStream(options);
    this.#owner.onWanted();
    return message;
  }

  /** Nothing more will come; who reads a message that is not complete gets `error`. What is complete can still be received. */
  end(error: unknown): void {
    this.#body?.fail(error);
    this.#body = undefined;
    this.#queue?.end();
  }

  /** Like `end`, and what waits is dropped. */
  clear(error: unknown): void {
    this.#queue?.clear();
    this.end(error);
  }

  #handOver(message: IncomingMessage): void {
    if (this.#queue) this.#queue.begin(message);
    else this.#owner.calls.messageStream(message);
  }

  #queueOrThrow(): MessageQueue {
    if (!this.#queue)
      throw new TypeError("receive takes the messages that no handler takes, and here the handler takes all");
    return this.#queue;
  }
}
