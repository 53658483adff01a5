import { Readable } from "node:stream";
import type { MessagePart } from "../protocol/message/message.ts";
import type { IncomingMessage } from "./handler.ts";

/** How many bytes wait for who reads a body before the peer is held back. */
const BodyBytes = 64 * 1024;

/** A message of the peer's that arrives in parts, as its application reads it. */
export class IncomingBody {
  readonly message: IncomingMessage;
  #isFull = false;
  #isComplete = false;

  /** @param onWanted - told when more is wanted of it, also where that is to be dropped. */
  constructor(type: IncomingMessage["type"], onWanted: () => void) {
    const body = new Readable({
      highWaterMark: BodyBytes,
      read: () => {
        this.#isFull = false;
        onWanted();
      },
      destroy: (error, callback) => {
        callback(error);
        this.#isFull = false;
        onWanted();
      },
    });
    // Whoever does not listen must not lose the process to a peer that leaves.
    body.on("error", () => {});
    this.message = { type, body };
  }

  /** Whether the peer is to wait until something is read. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether all of the message has come. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Adds the next part; of a body that was destroyed it is dropped. */
  add({ data, isLast }: Pick<MessagePart, "data" | "isLast">): void {
    const { body } = this.message;
    this.#isComplete = isLast;
    if (body.destroyed) return;
    // An empty chunk would count as read and tell nobody.
    if (data.length > 0) this.#isFull = !body.push(data);
    if (isLast) body.push(null);
  }

  /** The rest of it will not come: `error` is what its reader gets. */
  fail(error: unknown): void {
    if (!this.#isComplete) this.message.body.destroy(error instanceof Error ? error : undefined);
  }

  /** Nobody reads on. */
  drop(): void {
    this.message.body.destroy();
  }
}

/** A whole message as one that came in a single part. */
export function inOnePart(message: string | Uint8Array): IncomingMessage {
  const body = new IncomingBody(typeof message === "string" ? "text" : "binary", () => {});
  const data = typeof message === "string" ? new TextEncoder().encode(message) : message;
  body.add({ data, isLast: true });
  return body.message;
}
