import type { OpeningAnswer, OpeningRejection, OpeningRequest } from "../../src/protocol/handshake/opening-request.ts";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { ClosedByteStream } from "../../src/transport/closed-byte-stream.ts";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import type { Opening } from "../../src/transport/opening.ts";
import { connectionFacts } from "./connection-facts.ts";

/** An opening without a transport: its stream is one in memory, of which `far` is the client's end. */
export class FakeOpening implements Opening {
  readonly request: OpeningRequest = {
    httpVersion: "1.1",
    scheme: "http",
    authority: "example.com",
    path: "/chat",
    subprotocols: [],
    extensions: "",
    fields: [],
  };
  readonly connection = connectionFacts();
  readonly streamId = 0;
  readonly far: ByteStream;
  onGone: Opening["onGone"];
  rejection: OpeningRejection | undefined;
  readonly #near: ByteStream;
  readonly #failure: Error | undefined;

  /** @param failure - thrown by `accept`. */
  constructor(failure?: Error) {
    const { near, far } = createMemoryPair();
    this.#near = near;
    this.far = far;
    this.#failure = failure;
  }

  accept(_answer: OpeningAnswer): ByteStream {
    if (this.#failure !== undefined) throw this.#failure;
    return this.rejection === undefined ? this.#near : new ClosedByteStream();
  }

  reject(rejection: OpeningRejection): void {
    this.rejection ??= rejection;
  }
}
