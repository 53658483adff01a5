import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningAnswer, OpeningRejection, OpeningRequest } from "../protocol/handshake/opening-request.ts";
import type { ByteStream } from "./byte-stream.ts";
import { ClosedByteStream } from "./closed-byte-stream.ts";
import type { ConnectionFacts, Opening, OpeningGone } from "./opening.ts";

/** How one HTTP version answers an opening: one of the two is called, once. */
export interface OpeningResponder {
  /** @throws TypeError for an invalid field line; nothing has been sent then. */
  accept(answer: OpeningAnswer): ByteStream;
  /** @throws TypeError for an invalid field line; nothing has been sent then. */
  reject(rejection: OpeningRejection): void;
}

/** What an acceptor knows of an opening. */
export interface PendingOpeningOptions {
  readonly request: OpeningRequest;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  readonly responder: OpeningResponder;
  /** Until this time has passed it must be accepted or rejected. */
  readonly answerMs: number;
}

const GatewayTimeout = textRejection(504, "The answer took too long.");

/**
 * An {@link Opening} on either HTTP version: one answer, before its deadline, while the client is there.
 *
 *     waiting ──accept, reject──▶ answered
 *        └──leave, deadline─────▶ gone
 */
export class PendingOpening implements Opening {
  readonly request: OpeningRequest;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  onGone: ((reason: OpeningGone) => void) | undefined;
  readonly #responder: OpeningResponder;
  readonly #deadline: NodeJS.Timeout;
  #state: "waiting" | "answered" | "gone" = "waiting";

  constructor(options: PendingOpeningOptions) {
    this.request = options.request;
    this.connection = options.connection;
    this.streamId = options.streamId;
    this.#responder = options.responder;
    this.#deadline = setTimeout(() => {
      this.reject(GatewayTimeout);
      this.#go("deadline");
    }, options.answerMs);
  }

  accept(answer: OpeningAnswer): ByteStream {
    return this.#answer(() => this.#responder.accept(answer)) ?? new ClosedByteStream();
  }

  reject(rejection: OpeningRejection): void {
    this.#answer(() => this.#responder.reject(rejection));
  }

  /** The client's stream or connection is gone. Returns whether it left without an answer. */
  leave(): boolean {
    if (this.#state !== "waiting") return false;
    this.#go("client-left");
    return true;
  }

  #answer<T>(send: () => T): T | undefined {
    if (this.#state !== "waiting") return undefined;
    // Before the call: sending may end the stream at once, and that is not the client leaving.
    this.#state = "answered";
    try {
      const result = send();
      clearTimeout(this.#deadline);
      return result;
    } catch (error) {
      this.#state = "waiting";
      throw error;
    }
  }

  #go(reason: OpeningGone): void {
    this.#state = "gone";
    clearTimeout(this.#deadline);
    this.onGone?.(reason);
  }
}
