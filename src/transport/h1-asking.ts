import type { Socket } from "node:net";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import type { CheckedAnswer } from "../protocol/handshake/upgrade.ts";
import { AnswerReader } from "./answer-reader.ts";
import type { ByteStream } from "./byte-stream.ts";
import { copyInto } from "./copy-bytes.ts";
import type { ResponseHead } from "./response-head.ts";
import { SocketByteStream } from "./socket-byte-stream.ts";
import type { SocketReads } from "./socket-reads.ts";
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
  /** To be written as latin1. */
  readonly head: string;
  judge(fields: FieldLines): CheckedAnswer;
}

/**
 * One Upgrade asked of a server on a connection that stands:
 *
 *     asking ──▶ reading body ──▶ settled
 *        └─────────────────────────▲
 *
 * Each event is heard in one place, and `#settle` is the only way out without a WebSocket. It has no deadline of its own.
 */
export class H1Asking {
  readonly #socket: Socket;
  readonly #connection: Socket;
  readonly #reads: SocketReads | undefined;
  readonly #upgrade: AskedUpgrade;
  readonly #done: (result: AskResult) => void;
  readonly #answer = new AnswerReader();
  #isSettled = false;

  /** @param done - called exactly once, never from within the constructor. */
  constructor(
    { socket, connection, reads }: StandingConnection,
    upgrade: AskedUpgrade,
    done: (result: AskResult) => void,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#reads = reads;
    this.#upgrade = upgrade;
    this.#done = done;
    if (connection !== socket) connection.on("error", this.#onError);
    socket.on("error", this.#onError).on("close", this.#onEnd).on("end", this.#onEnd);
    if (reads === undefined) socket.on("data", this.#onData);
    else reads.onRead = this.#onRead;
    socket.resume();
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

  readonly #onRead = (bytes: Uint8Array, length: number): void => {
    const chunk = Buffer.allocUnsafe(length);
    copyInto(chunk, 0, bytes, 0, length);
    this.#onData(chunk);
  };

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
    const checked = this.#upgrade.judge(fields);
    if (checked.type === "invalid") return this.#settle(checked);
    const { type, ...answer } = checked;
    this.#isSettled = true;
    // First, so that the listeners of the stream take no more room than they need.
    this.#handOver();
    const options = { head: behind, connection: this.#connection, reads: this.#reads };
    this.#done({ type, stream: new SocketByteStream(this.#socket, options), answer });
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => this.#lose(error.code ?? "unknown error", error);

  readonly #onEnd = (): void => this.#lose("ended by the upstream", undefined);

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

  /** Takes every listener away, so that the stream keeps nothing of its opening alive. */
  #handOver(): void {
    const socket = this.#socket;
    if (this.#connection !== socket) this.#connection.off("error", this.#onError);
    socket.off("error", this.#onError).off("close", this.#onEnd).off("end", this.#onEnd);
    if (this.#reads === undefined) socket.off("data", this.#onData);
  }
}
