import type { IncomingMessage, WaitOptions } from "./handler.ts";
import { inOnePart } from "./incoming-body.ts";
import { checkWait, Wait } from "./wait.ts";

/** How many messages wait for `receive` before the peer is held back. */
const MaxMessages = 64;

/** How many bytes they may have together, and with what has arrived of the next. */
const MaxBytes = 64 * 1024;

type Message = string | Uint8Array;

type Receiver =
  | { readonly takes: "whole"; readonly wait: Wait<Message | undefined> }
  | { readonly takes: "parts"; readonly wait: Wait<IncomingMessage | undefined> };

/** The messages of an application that asks for them: they wait for it, or it for them. */
export class MessageQueue {
  #messages: Message[] = [];
  /** Of strings the characters; near enough to bound memory. */
  #waitingBytes = 0;
  #receivers: Receiver[] = [];
  #isOver = false;

  /** Whether the next message is waited for in parts. */
  get wantsParts(): boolean {
    return this.#receivers[0]?.takes === "parts";
  }

  /** Whether the peer is to wait. `heldBytes` have arrived of a message that is not whole yet. */
  isFull(heldBytes: number): boolean {
    if (this.#receivers.length > 0) return false;
    return this.#messages.length >= MaxMessages || this.#waitingBytes + heldBytes >= MaxBytes;
  }

  /** A whole message came. */
  add(message: Message): void {
    const receiver = this.#receivers.shift();
    if (!receiver) {
      this.#messages.push(message);
      this.#waitingBytes += message.length;
    } else if (receiver.takes === "whole") {
      receiver.wait.resolve(message);
    } else {
      receiver.wait.resolve(inOnePart(message));
    }
  }

  /** A message begins to come in parts: it is for whoever wants parts, and dropped where nobody does. */
  begin(message: IncomingMessage): void {
    const receiver = this.#receivers[0];
    if (receiver?.takes !== "parts") {
      message.body.destroy();
      return;
    }
    this.#receivers.shift();
    receiver.wait.resolve(message);
  }

  /** The next message, as `HandledConnection.receive`. */
  receive(options: WaitOptions): Promise<Message | undefined> {
    checkWait(options);
    const message = this.#takeWaiting();
    if (message !== undefined || this.#isOver) return Promise.resolve(message);
    const wait: Wait<Message | undefined> = new Wait(options, () => this.#forget(wait));
    this.#receivers.push({ takes: "whole", wait });
    return wait.promise;
  }

  /** The next message in parts, as `HandledConnection.receiveStream`. */
  receiveStream(options: WaitOptions): Promise<IncomingMessage | undefined> {
    checkWait(options);
    const message = this.#takeWaiting();
    if (message !== undefined) return Promise.resolve(inOnePart(message));
    if (this.#isOver) return Promise.resolve(undefined);
    const wait: Wait<IncomingMessage | undefined> = new Wait(options, () => this.#forget(wait));
    this.#receivers.push({ takes: "parts", wait });
    return wait.promise;
  }

  /** No more will come; what waits can still be received. */
  end(): void {
    this.#isOver = true;
    const receivers = this.#receivers;
    this.#receivers = [];
    for (const { wait } of receivers) wait.resolve(undefined);
  }

  /** Nothing is to be received any more. */
  clear(): void {
    this.#messages = [];
    this.#waitingBytes = 0;
    this.end();
  }

  #takeWaiting(): Message | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#waitingBytes -= message.length;
    return message;
  }

  #forget(wait: Receiver["wait"]): void {
    this.#receivers = this.#receivers.filter((receiver) => receiver.wait !== wait);
  }
}
