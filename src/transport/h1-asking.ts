import type { Socket } from "node:net";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import { AnswerReader } from "./answer-reader.ts";
import type { ByteStream } from "./byte-stream.ts";
import { copyInto } from "./copy-bytes.ts";
import type { ResponseHead } from "./response-head.ts";
import { SocketByteStream } from "./socket-byte-stream.ts";
import type { SocketEvents, SocketListener } from "./socket-events.ts";
import type { StandingConnection } from "./upstream-connecting.ts";

/** What became of an opening that was asked for, over either HTTP version. Only `accepted` leaves something behind. */
export type AskResult =
  | { readonly type: "accepted"; readonly stream: ByteStream; readonly answer: OpeningAnswer }
  | { readonly type: "refused"; readonly rejection: OpeningRejection }
  /** The answer is none that a server may give. */
  | { readonly type: "invalid"; readonly detail: string }
  /** The connection, or the stream, ended before an answer; `error` says how, where that is known. */
  | { readonly type: "lost"; readonly detail: string; readonly error: Error | undefined }
  | { readonly type: "timeout" }
  | { readonly type: "aborted" };

/** An Upgrade as it is sent, and how its 101 is judged. */
export interface AskedUpgrade {
  /** To be written as latin1: as bytes it would lie outside the heap, which costs more than its pieces within. */
  readonly head: string;
  readonly judge: (fields: FieldLines) => CheckedAnswer;
}

/**
 * One Upgrade asked of a server on a connection that stands:
 *
 *     asking ──▶ reading body ──▶ settled
 *        └─────────────────────────▲
 *
 * Each event is heard in one place, and `#settle` is the only way out without a WebSocket. It has no deadline of its own.
 */
export class H1Asking implements SocketListener {
  readonly #socket: Socket;
  readonly #connection: Socket;
  readonly #events: SocketEvents;
  readonly #judge: AskedUpgrade["judge"];
  readonly #done: (result: AskResult) => void;
  readonly #answer = new AnswerReader();
  #isSettled = false;

  /** @param done - called exactly once, never from within the constructor. */
  constructor(
    { socket, connection, events }: StandingConnection,
    upgrade: AskedUpgrade,
    done: (result: AskResult) => void,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#events = events;
    this.#judge = upgrade.judge;
    this.#done = done;
    events.listener = this;
    if (connection !== socket) connection.on("error", this.#onErrorBeneath);
    // A socket with a buffer reads by itself.
    if (events.onread === undefined) socket.on("data", this.#onData).resume();
    socket.write(upgrade.head, "latin1");
  }

  /** Time is up: what is missing then of a refusal's body is left out. */
  expire(): void {
    const { refusal } = this.#answer;
    this.#settle(refusal ? { type: "refused", rejection: refusal } : { type: "timeout" });
  }

  /** Nobody wants it any more. */
  abort(): void {
    this.#settle({ type: "aborted" });
  }

  onConnect(): void {
    // It was connected before.
  }

  onRead(bytes: Uint8Array, length: number): void {
    const chunk = Buffer.allocUnsafe(length);
    copyInto(chunk, 0, bytes, 0, length);
    this.#onData(chunk);
  }

  onSocketEnd(): void {
    this.#lose("ended by the upstream", undefined);
  }

  onSocketError(error: NodeJS.ErrnoException): void {
    this.#lose(error.code ?? "unknown error", error);
  }

  onSocketClose(): void {
    this.#lose("ended by the upstream", undefined);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isSettled) return;
    const progress = this.#answer.read(chunk);
    if (progress.type === "broken") this.#settle({ type: "invalid", detail: progress.detail });
    if (progress.type === "refused") this.#settle(progress);
    if (progress.type === "success") this.#takeSuccess(progress.head, progress.behind);
  };

  #takeSuccess({ status, httpVersion, fields }: ResponseHead, behind: Buffer): void {
    if (status !== 101) return this.#settle({ type: "invalid", detail: "a success other than 101" });
    // HTTP/1.0 has no Upgrade (RFC 9110 §7.8).
    if (httpVersion === "1.0") return this.#settle({ type: "invalid", detail: "101 in HTTP/1.0" });
    const checked = this.#judge(fields);
    if (checked.type === "invalid") return this.#settle(checked);
    const { type, ...answer } = checked;
    this.#isSettled = true;
    this.#handOver();
    const options = { head: behind, connection: this.#connection, events: this.#events };
    this.#done({ type, stream: new SocketByteStream(this.#socket, options), answer });
  }

  readonly #onErrorBeneath = (error: NodeJS.ErrnoException): void => this.onSocketError(error);

  #lose(detail: string, error: Error | undefined): void {
    const { refusal } = this.#answer;
    this.#settle(refusal ? { type: "refused", rejection: refusal } : { type: "lost", detail, error });
  }

  #settle(result: Exclude<AskResult, { type: "accepted" }>): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#socket.destroy();
    this.#done(result);
  }

  /** Listens no more, so that the stream keeps nothing of its opening alive. */
  #handOver(): void {
    const socket = this.#socket;
    this.#events.leave();
    if (this.#connection !== socket) this.#connection.off("error", this.#onErrorBeneath);
    if (this.#events.onread === undefined) socket.off("data", this.#onData);
  }
}
