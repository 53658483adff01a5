import { textRejection } from "../protocol/handshake/opening-refusal.ts";
import type { OpeningAnswer, OpeningRejection, OpeningRequest } from "../protocol/handshake/opening-request.ts";
import type { ByteStream } from "./byte-stream.ts";
import { ClosedByteStream } from "./closed-byte-stream.ts";
import type { DeadlineList, Expiring, RunningDeadline } from "./deadline-list.ts";
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
  /** Until a deadline of these has passed it must be accepted or rejected. */
  readonly answering: DeadlineList;
}

const GatewayTimeout = textRejection(504, "The answer took too long.");

/**
 * An {@link Opening} on either HTTP version: one answer, before its deadline, while the client is there.
 *
 *     waiting ──accept, reject──▶ answered
 *        └──leave, deadline─────▶ gone
 */
export class PendingOpening implements Opening, Expiring {
  readonly request: OpeningRequest;
  readonly connection: ConnectionFacts;
  readonly streamId: number;
  onGone: ((reason: OpeningGone) => void) | undefined;
  readonly #responder: OpeningResponder;
  readonly #deadline: RunningDeadline;
  #state: "waiting" | "answered" | "gone" = "waiting";

  constructor(options: PendingOpeningOptions) {
    this.request = options.request;
    this.connection = options.connection;
    this.streamId = options.streamId;
    this.#responder = options.responder;
    this.#deadline = options.answering.start(this);
  }

  accept(answer: OpeningAnswer): ByteStream {
    if (!this.#begin()) return new ClosedByteStream();
    try {
      const stream = this.#responder.accept(answer);
      this.#deadline.clear();
      return stream;
    } catch (error) {
      this.#state = "waiting";
      throw error;
    }
  }

  reject(rejection: OpeningRejection): void {
    if (!this.#begin()) return;
    try {
      this.#responder.reject(rejection);
      this.#deadline.clear();
    } catch (error) {
      this.#state = "waiting";
      throw error;
    }
  }

  expire(): void {
    this.reject(GatewayTimeout);
    this.#go("deadline");
  }

  /** The client's stream or connection is gone. Returns whether it left without an answer. */
  leave(): boolean {
    if (this.#state !== "waiting") return false;
    this.#go("client-left");
    return true;
  }

  /** Whether it may be answered now. Said before it is: sending may end the stream at once, and that is not the client leaving. */
  #begin(): boolean {
    if (this.#state !== "waiting") return false;
    this.#state = "answered";
    return true;
  }

  #go(reason: OpeningGone): void {
    this.#state = "gone";
    this.#deadline.clear();
    this.onGone?.(reason);
  }
}
