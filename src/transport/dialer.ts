import type { Socket } from "node:net";
import { withoutHopByHop, withoutLength } from "../protocol/handshake/field-values.ts";
import type { Offer } from "../protocol/handshake/negotiation.ts";
import type { FieldLines, OpeningAnswer, OpeningRejection } from "../protocol/handshake/opening-request.ts";
import {
  checkUpgradeResponse,
  createUpgradeKey,
  encodeUpgradeRequest,
  type UpgradeRequest,
} from "../protocol/handshake/upgrade.ts";
import type { ByteStream } from "./byte-stream.ts";
import { ResponseBodyReader, tryBodyFraming } from "./response-body.ts";
import { ResponseHeadReader, type ResponseHead } from "./response-head.ts";
import { SocketByteStream } from "./socket-byte-stream.ts";
import { connectTo, type Secure, type UpstreamAddress } from "./upstream-address.ts";

/** Whom to dial, and from where. */
export interface DialTarget {
  readonly address: UpstreamAddress;
  /** What `trySecure` gave for the address. */
  readonly secure: Secure | undefined;
  /** IP address of this machine to connect from; `undefined`: the system chooses. */
  readonly sourceAddress: string | undefined;
}

/** The opening handshake asked of an upstream. */
export interface DialRequest extends Offer {
  /** The `Host` field. */
  readonly authority: string;
  /** Path and query, begins with `/`. */
  readonly path: string;
  /** Further field lines; those the handshake writes itself or that would frame a body are left out. */
  readonly fields: FieldLines;
}

/** How long a dial may take, in milliseconds, and who may end it. */
export interface DialOptions {
  /** Until the TCP or unix connection stands, with its TLS. */
  readonly connectTimeoutMs: number;
  /** From there to the upstream's answer; what a refusal's body lacks then is left out. */
  readonly answerTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** What became of a dial. `detail` is for the log: an error code or the broken rule, without anything the peer sent. */
export type DialResult =
  | { readonly type: "accepted"; readonly stream: ByteStream; readonly answer: OpeningAnswer }
  /** Any final status from 300 on; of its body the first 64 KiB. */
  | { readonly type: "refused"; readonly rejection: OpeningRejection }
  /** There is no connection, so the request was not sent: another address may be tried. */
  | { readonly type: "unreachable"; readonly detail: string }
  /** This machine had no descriptor, or no port of the source address, for a connection: the request was not sent. */
  | { readonly type: "exhausted"; readonly limit: "descriptors" | "ports"; readonly detail: string }
  /** Too slow. `asked` says whether the request was sent; if not, another address may be tried. */
  | { readonly type: "timeout"; readonly detail: string; readonly asked: boolean }
  /** The connection ended before an answer, or the answer is none that an upstream may give. */
  | { readonly type: "invalid"; readonly detail: string }
  | { readonly type: "aborted" };

const MaxBodyBytes = 65_536;

/** What the system says when it is not the upstream that fails, but this machine that has run out of something. */
const ExhaustedCodes: Readonly<Record<string, "descriptors" | "ports">> = {
  EMFILE: "descriptors",
  ENFILE: "descriptors",
  ENOBUFS: "descriptors",
  EADDRNOTAVAIL: "ports",
  EADDRINUSE: "ports",
  EAGAIN: "ports",
};

/**
 * Dials an upstream and asks for a WebSocket, with a key of its own (RFC 6455 §4.1). Whatever the result, except `accepted`,
 * no socket is left behind. Bytes that come right behind the 101 are the first of the stream.
 *
 * @throws TypeError for a request that cannot be written, RangeError for a port that is none. What peers do never throws.
 */
export async function dial(target: DialTarget, request: DialRequest, options: DialOptions): Promise<DialResult> {
  const upgrade: UpgradeRequest = { ...request, key: createUpgradeKey() };
  const head = encodeUpgradeRequest(upgrade);
  if (options.signal.aborted) return { type: "aborted" };
  const { address, secure, sourceAddress } = target;
  const connection = connectTo(address, sourceAddress);
  return new Promise((resolve) => new Dialing(connection, { secure, upgrade, head, options, resolve }));
}

interface Plan {
  readonly secure: Secure | undefined;
  readonly upgrade: UpgradeRequest;
  /** `upgrade` as text to be written as latin1. */
  readonly head: string;
  readonly options: DialOptions;
  readonly resolve: (result: DialResult) => void;
}

/**
 * One dial, from a socket that begins to connect to its result:
 *
 *     connecting ──▶ asking ──▶ reading body ──▶ settled
 *         └─────────────┴──────────────────────────▲
 *
 * Each event is heard in one place, and `#settle` is the only way out: it lets go of timer, signal and socket.
 */
class Dialing {
  readonly #plan: Plan;
  /** The TCP or unix socket. */
  readonly #connection: Socket;
  /** What the handshake is spoken on: TLS above it, or the same. */
  #socket: Socket;
  readonly #head = new ResponseHeadReader();
  #refusal: { readonly head: ResponseHead; readonly body: ResponseBodyReader } | undefined;
  #state: "connecting" | "asking" | "reading body" | "settled" = "connecting";
  #deadline: NodeJS.Timeout;

  constructor(connection: Socket, plan: Plan) {
    this.#plan = plan;
    this.#connection = connection;
    this.#socket = connection;
    const { signal, connectTimeoutMs } = plan.options;
    this.#deadline = setTimeout(this.#onDeadline, connectTimeoutMs);
    signal.addEventListener("abort", this.#onAbort);
    connection.on("error", this.#onError);
    connection.once("connect", () => (plan.secure === undefined ? this.#ask() : this.#secure(plan.secure)));
  }

  #secure(secure: Secure): void {
    this.#socket = secure(this.#connection);
    this.#socket.on("error", this.#onError);
    this.#socket.once("secureConnect", () => this.#ask());
  }

  #ask(): void {
    this.#state = "asking";
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(this.#onDeadline, this.#plan.options.answerTimeoutMs);
    this.#socket.on("end", this.#onEnd);
    this.#socket.on("data", this.#onData);
    this.#socket.write(this.#plan.head, "latin1");
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#state === "reading body") this.#readBody(chunk);
    if (this.#state !== "asking") return;
    const progress = this.#head.read(chunk);
    if (progress.type === "broken") this.#settle({ type: "invalid", detail: progress.detail });
    if (progress.type === "head") this.#takeHead(progress.head, chunk.subarray(progress.end));
  };

  #takeHead(head: ResponseHead, behind: Buffer): void {
    if (head.status === 101) this.#accept(head, behind);
    else if (head.status < 300) this.#settle({ type: "invalid", detail: "a success other than 101" });
    else this.#refuse(head, behind);
  }

  #accept(head: ResponseHead, behind: Buffer): void {
    // HTTP/1.0 has no Upgrade (RFC 9110 §7.8).
    if (head.httpVersion === "1.0") return this.#settle({ type: "invalid", detail: "101 in HTTP/1.0" });
    const checked = checkUpgradeResponse(head.fields, this.#plan.upgrade);
    if (checked.type === "invalid") return this.#settle(checked);
    const { subprotocol, extensions, fields } = checked;
    const stream = new SocketByteStream(this.#socket, { head: behind, connection: this.#connection });
    this.#settle({ type: "accepted", stream, answer: { subprotocol, extensions, fields } });
  }

  #refuse(head: ResponseHead, behind: Buffer): void {
    const framing = tryBodyFraming(head);
    if (framing === undefined) return this.#settle({ type: "invalid", detail: "a body without a certain end" });
    this.#refusal = { head, body: new ResponseBodyReader(framing, MaxBodyBytes) };
    this.#state = "reading body";
    this.#readBody(behind);
  }

  #readBody(chunk: Buffer): void {
    const progress = this.#refusal?.body.read(chunk);
    if (progress === "broken") this.#settle({ type: "invalid", detail: "invalid chunked coding" });
    if (progress === "whole") this.#settleRefused();
  }

  /** What is missing of the body, because time is up or the connection gone, does not take the answer from the client. */
  #settleRefused(): void {
    if (this.#refusal === undefined) return;
    const { head, body } = this.#refusal;
    const fields = withoutLength(withoutHopByHop(head.fields));
    this.#settle({ type: "refused", rejection: { status: head.status, fields, body: body.content } });
  }

  readonly #onDeadline = (): void => {
    if (this.#state === "reading body") return this.#settleRefused();
    const asked = this.#state === "asking";
    this.#settle({ type: "timeout", detail: asked ? "no answer in time" : "no connection in time", asked });
  };

  readonly #onAbort = (): void => this.#settle({ type: "aborted" });

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    const limit = this.#state === "connecting" ? exhaustedLimitOf(error) : undefined;
    const detail = error.code ?? "unknown error";
    if (limit === undefined) this.#end(detail);
    else this.#settle({ type: "exhausted", limit, detail });
  };

  readonly #onEnd = (): void => this.#end("ended by the upstream");

  #end(detail: string): void {
    if (this.#state === "reading body") return this.#settleRefused();
    this.#settle({ type: this.#state === "connecting" ? "unreachable" : "invalid", detail });
  }

  #settle(result: DialResult): void {
    if (this.#state === "settled") return;
    this.#state = "settled";
    clearTimeout(this.#deadline);
    this.#plan.options.signal.removeEventListener("abort", this.#onAbort);
    if (result.type === "accepted") this.#handOver();
    else this.#socket.destroy();
    this.#plan.resolve(result);
  }

  /** Takes every listener away, so that the stream keeps nothing of its dial alive. */
  #handOver(): void {
    this.#connection.off("error", this.#onError);
    this.#socket.off("error", this.#onError);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("data", this.#onData);
  }
}

/**
 * What this machine has run out of, if that is why `error` of a connecting came; else `undefined`. A host name's addresses
 * fail together, in one error: then this machine is at fault only if it is for each of them.
 */
export function exhaustedLimitOf(error: Error): "descriptors" | "ports" | undefined {
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const limits = parts.map((part) =>
    part instanceof Error && "code" in part ? ExhaustedCodes[String(part.code)] : undefined,
  );
  return limits.includes(undefined) ? undefined : limits[0];
}
