import { withoutHopByHop, withoutLength } from "../protocol/handshake/field-values.ts";
import type { OpeningRejection } from "../protocol/handshake/opening-request.ts";
import { ResponseBodyReader, tryBodyFraming } from "./response-body.ts";
import { ResponseHeadReader, type ResponseHead } from "./response-head.ts";

/** What is known of the answer to a request that asks for a connection of its own, after some of its bytes. */
export type AnswerProgress =
  | { readonly type: "incomplete" }
  /** 101, or 200–299. `behind` are the bytes of the last chunk that are no part of the head. */
  | { readonly type: "success"; readonly head: ResponseHead; readonly behind: Buffer }
  /** Any final status from 300 on; of its body the first 64 KiB. */
  | { readonly type: "refused"; readonly rejection: OpeningRejection }
  /** The rule that is broken, in a few words for the log; nothing of what the peer sent is in them. */
  | { readonly type: "broken"; readonly detail: string };

/** How much is read of the body of an answer that refuses, over either HTTP version. */
export const MaxRefusalBytes = 65_536;

const NoBytes = Buffer.alloc(0);

/** Reads the answer to an Upgrade or a CONNECT over HTTP/1.1, however its bytes are cut. */
export class AnswerReader {
  readonly #head = new ResponseHeadReader();
  #refusal: { readonly head: ResponseHead; readonly body: ResponseBodyReader } | undefined;

  /** Takes the next bytes. Not to be called after another result than `incomplete`. */
  read(chunk: Buffer): AnswerProgress {
    if (this.#refusal !== undefined) return this.#readBody(this.#refusal.body, chunk);
    const progress = this.#head.read(chunk);
    if (progress.type !== "head") return progress;
    const { head, end } = progress;
    const behind = end === chunk.length ? NoBytes : chunk.subarray(end);
    return head.status < 300 ? { type: "success", head, behind } : this.#refuse(head, behind);
  }

  /**
   * The refusal as far as it has come, once its head is there. What is missing of its body, because time is up or the
   * connection gone, does not take the answer from who asked.
   */
  get refusal(): OpeningRejection | undefined {
    if (this.#refusal === undefined) return undefined;
    const { head, body } = this.#refusal;
    return { status: head.status, fields: withoutLength(withoutHopByHop(head.fields)), body: body.content };
  }

  #refuse(head: ResponseHead, behind: Buffer): AnswerProgress {
    const framing = tryBodyFraming(head);
    if (framing === undefined) return { type: "broken", detail: "a body without a certain end" };
    const body = new ResponseBodyReader(framing, MaxRefusalBytes);
    this.#refusal = { head, body };
    return this.#readBody(body, behind);
  }

  #readBody(body: ResponseBodyReader, chunk: Buffer): AnswerProgress {
    const progress = body.read(chunk);
    if (progress === "broken") return { type: "broken", detail: "invalid chunked coding" };
    if (progress === "more" || this.refusal === undefined) return { type: "incomplete" };
    return { type: "refused", rejection: this.refusal };
  }
}
