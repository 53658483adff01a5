import { constants, type ClientHttp2Stream } from "node:http2";
import { withoutHopByHop, withoutLength, withoutNames } from "../protocol/handshake/field-values.ts";
import { checkConnectResponse } from "../protocol/handshake/extended-connect.ts";
import type { Offer } from "../protocol/handshake/negotiation.ts";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import type { DialResult } from "./dialer.ts";
import { NodeH2ByteStream } from "./node-h2-stream.ts";

const MaxBodyBytes = 65_536;

/** As {@link DialResult}; `again` where the server has not looked at it, so another connection may be tried (RFC 9113 §8.7). */
export type ConnectResult = DialResult | { readonly type: "again" };

/** What an {@link H2Asking} is given. */
export interface H2AskingOptions {
  /** Whether the connection is gone. */
  readonly isLost: () => boolean;
  readonly signal: AbortSignal;
  /** Called once. */
  readonly resolve: (result: ConnectResult) => void;
}

/**
 * One Extended CONNECT of a client, until its answer:
 *
 *     asking ──200──▶ settled: the stream is its owner's
 *        └──another status──▶ reading body ──▶ settled
 */
export class H2Asking {
  readonly #stream: ClientHttp2Stream;
  readonly #offer: Offer;
  readonly #options: H2AskingOptions;
  #refusal:
    { readonly status: number; readonly fields: FieldLines; readonly parts: Buffer[]; bytes: number } | undefined;
  #isSettled = false;

  constructor(stream: ClientHttp2Stream, offer: Offer, options: H2AskingOptions) {
    this.#stream = stream;
    this.#offer = offer;
    this.#options = options;
    // Also behind the answer: a stream without a listener for errors would bring the process down.
    stream.on("error", () => undefined);
    stream.once("response", (_, __, rawFields) => this.#onResponse(rawFields));
    stream.once("close", this.#onClose);
    options.signal.addEventListener("abort", this.#onAbort);
  }

  #onResponse(rawFields: readonly string[]): void {
    const status = Number(rawFields[rawFields.indexOf(":status") + 1]);
    const fields = withoutNames(rawFields, (name) => name.startsWith(":"));
    if (status === 200) this.#accept(fields);
    else if (status < 300) this.#fail("a success other than 200");
    else this.#refuse(status, fields);
  }

  #accept(fields: FieldLines): void {
    const checked = checkConnectResponse(fields, this.#offer);
    if (checked.type === "invalid") return this.#fail(checked.detail);
    const { type, ...answer } = checked;
    const stream = new NodeH2ByteStream(this.#stream, this.#options.isLost);
    this.#settle({ type, stream, answer });
  }

  #refuse(status: number, fields: FieldLines): void {
    const refusal = { status, fields, parts: [], bytes: 0 };
    this.#refusal = refusal;
    this.#stream.on("data", (part: Buffer) => this.#keep(part));
    this.#stream.once("end", () => this.#settleRefused());
    this.#stream.end();
  }

  #keep(part: Buffer): void {
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    const kept = part.subarray(0, MaxBodyBytes - refusal.bytes);
    refusal.parts.push(kept);
    refusal.bytes += kept.length;
    if (refusal.bytes === MaxBodyBytes) this.#settleRefused();
  }

  #settleRefused(): void {
    if (this.#refusal === undefined) return;
    const { status, parts } = this.#refusal;
    const fields = withoutLength(withoutHopByHop(this.#refusal.fields));
    this.#settle({ type: "refused", rejection: { status, fields, body: Buffer.concat(parts) } });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #fail(detail: string): void {
    this.#settle({ type: "invalid", detail });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  readonly #onAbort = (): void => {
    this.#settle({ type: "aborted" });
    this.#stream.close(constants.NGHTTP2_CANCEL);
  };

  readonly #onClose = (): void => {
    if (this.#refusal !== undefined) return this.#settleRefused();
    const isUnseen = this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    this.#settle(isUnseen ? { type: "again" } : { type: "invalid", detail: "ended by the server" });
  };

  #settle(result: ConnectResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#stream.off("close", this.#onClose);
    this.#options.resolve(result);
  }
}
