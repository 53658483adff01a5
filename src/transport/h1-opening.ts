import type { Socket } from "node:net";
import type { OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { encodeUpgradeAnswer, type UpgradeOpening } from "../protocol/handshake/upgrade.ts";
import { encodeLastResponse } from "./h1-response.ts";
import { closeLingering } from "./lingering-close.ts";
import type { ConnectionFacts } from "./opening.ts";
import { DeadlineList } from "./deadline-list.ts";
import { PendingOpening, type OpeningResponder } from "./pending-opening.ts";
import { SocketByteStream } from "./socket-byte-stream.ts";

/** Most bytes kept that a client sends before the answer. With more, its connection is not read until then. */
const MaxEarlyBytes = 65_536;

/**
 * Answers an Upgrade on its socket. Until then it reads on, because a client that leaves is only seen by reading; what
 * comes early is kept, up to a bound.
 */
class UpgradeResponder implements OpeningResponder {
  readonly #socket: Socket;
  readonly #connection: Socket;
  readonly #key: string;
  readonly #early: Uint8Array[] = [];
  #earlyBytes = 0;

  /**
   * @param connection - the TCP socket beneath `socket`, or `socket` itself.
   * @param key - the request's `Sec-WebSocket-Key`.
   * @param head - bytes that were read behind the request.
   */
  constructor(socket: Socket, connection: Socket, key: string, head: Uint8Array) {
    this.#socket = socket;
    this.#connection = connection;
    this.#key = key;
    socket.on("data", this.#keep);
    if (head.length > 0) this.#keep(head);
  }

  accept(answer: OpeningAnswer): SocketByteStream {
    const head = encodeUpgradeAnswer(this.#key, answer);
    this.#stopKeeping();
    this.#socket.write(head, "latin1");
    return new SocketByteStream(this.#socket, { head: Buffer.concat(this.#early), connection: this.#connection });
  }

  reject(rejection: OpeningRejection): void {
    const response = encodeLastResponse(rejection);
    this.#stopKeeping();
    this.#socket.write(response);
    closeLingering(this.#socket);
  }

  readonly #keep = (bytes: Uint8Array): void => {
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes >= MaxEarlyBytes) this.#socket.pause();
  };

  #stopKeeping(): void {
    this.#socket.pause();
    this.#socket.off("data", this.#keep);
  }
}

/** The connection of an Upgrade, of which node:http has let go. */
export interface UpgradedSocket {
  readonly socket: Socket;
  /** The TCP socket beneath `socket`, or `socket` itself. */
  readonly connection: Socket;
  readonly facts: ConnectionFacts;
  /** Bytes that were read behind the request. */
  readonly head: Uint8Array;
  readonly answerMs: number;
}

/** The opening that a good Upgrade is. From now on it owns the socket. */
export function upgradeOpening(
  { request, key }: UpgradeOpening,
  { socket, connection, facts, head, answerMs }: UpgradedSocket,
): PendingOpening {
  const responder = new UpgradeResponder(socket, connection, key, head);
  const opening = new PendingOpening({
    request,
    connection: facts,
    streamId: 0,
    responder,
    answering: new DeadlineList(answerMs),
  });
  socket.once("close", () => opening.leave());
  // A client that ends its half before the answer has given up: nobody closes only one half of an opening.
  socket.once("end", () => void (opening.leave() && socket.destroy()));
  return opening;
}
