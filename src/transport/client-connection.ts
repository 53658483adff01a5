import type { Socket } from "node:net";
import type { FieldLines } from "../protocol/handshake/opening-request.ts";
import { encodeFieldLines } from "../protocol/handshake/field-values.ts";
import type { OpenConnection } from "./dialer.ts";
import { ResponseBodyReader, tryBodyFraming } from "./response-body.ts";
import { ResponseHeadReader, type ResponseHead } from "./response-head.ts";
import { connectTo, type Secure, type UpstreamAddress } from "./upstream-address.ts";

/** Where a client connects to, and on what way. */
export interface ClientRoute {
  readonly address: UpstreamAddress;
  /** What `trySecure` gave for the address. */
  readonly secure: Secure | undefined;
  readonly proxy: ProxyRoute | undefined;
}

/** A proxy that is asked for a tunnel (RFC 9110 §9.3.6). */
export interface ProxyRoute {
  readonly address: UpstreamAddress;
  readonly secure: Secure | undefined;
  /** Host and port to be reached: the target of the CONNECT. */
  readonly target: string;
  /** Further field lines of the CONNECT. */
  readonly fields: FieldLines;
}

/** What became of the attempt. */
export type ClientConnectionResult =
  | { readonly type: "open"; readonly open: OpenConnection }
  | { readonly type: "failed"; readonly at: "connection" | "tls" | "proxy"; readonly error: Error }
  /** The proxy's answer; of its body the first 64 KiB. */
  | { readonly type: "refused"; readonly status: number; readonly fields: FieldLines; readonly body: Uint8Array }
  | { readonly type: "aborted" };

const MaxBodyBytes = 65_536;

/** Address and port of the other end of `open`; empty and 0 on a unix socket. */
export function peerOf({ connection }: OpenConnection): { readonly address: string; readonly port: number } {
  return { address: connection.remoteAddress ?? "", port: connection.remotePort ?? 0 };
}

/** Connects along `route`, until `signal` aborts. Whatever the result, except `open`, no socket is left behind. */
export function openClientConnection(route: ClientRoute, signal: AbortSignal): Promise<ClientConnectionResult> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve({ type: "aborted" });
    else new Connecting(route, signal, resolve);
  });
}

/**
 * One attempt:
 *
 *     connecting ──▶ (TLS to the proxy ──▶ asking the proxy) ──▶ TLS ──▶ settled
 */
class Connecting {
  readonly #route: ClientRoute;
  readonly #signal: AbortSignal;
  readonly #resolve: (result: ClientConnectionResult) => void;
  readonly #connection: Socket;
  readonly #head = new ResponseHeadReader();
  #socket: Socket;
  #at: "connection" | "tls" | "proxy" = "connection";
  #refusal: { readonly head: ResponseHead; readonly body: ResponseBodyReader } | undefined;
  #isSettled = false;

  constructor(route: ClientRoute, signal: AbortSignal, resolve: (result: ClientConnectionResult) => void) {
    this.#route = route;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#connection = connectTo(route.proxy?.address ?? route.address);
    this.#socket = this.#connection;
    this.#connection.setNoDelay(true);
    signal.addEventListener("abort", this.#onAbort);
    this.#connection.on("error", this.#onError);
    this.#connection.once("close", this.#onClose);
    this.#connection.once("connect", () => this.#begin());
  }

  #begin(): void {
    const { proxy, secure } = this.#route;
    if (proxy !== undefined) this.#secure(proxy.secure, () => this.#askProxy(proxy));
    else this.#secure(secure, () => this.#open());
  }

  #secure(secure: Secure | undefined, then: () => void): void {
    if (secure === undefined) return then();
    this.#at = "tls";
    this.#socket = secure(this.#socket);
    this.#socket.on("error", this.#onError);
    this.#socket.once("close", this.#onClose);
    this.#socket.once("secureConnect", then);
  }

  #askProxy({ target, fields }: ProxyRoute): void {
    this.#at = "proxy";
    const socket = this.#socket;
    socket.on("data", this.#onData);
    socket.once("end", this.#onClose);
    socket.write(`CONNECT ${target} HTTP/1.1\r\n${encodeFieldLines(["Host", target, ...fields])}\r\n`, "latin1");
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#refusal !== undefined) return this.#readBody(chunk);
    const progress = this.#head.read(chunk);
    if (progress.type === "broken") return this.#fail(new Error(`the proxy's answer: ${progress.detail}`));
    if (progress.type === "head") this.#takeHead(progress.head, chunk.subarray(progress.end));
  };

  #takeHead(head: ResponseHead, behind: Buffer): void {
    if (head.status >= 300) return this.#takeRefusal(head, behind);
    // 101 is no answer to a CONNECT; behind a success there is no content, and whoever it leads to waits for us to begin.
    if (head.status < 200 || behind.length > 0) return this.#fail(new Error("the proxy's answer is none to a CONNECT"));
    const socket = this.#socket;
    socket.off("data", this.#onData);
    socket.off("end", this.#onClose);
    socket.pause();
    this.#secure(this.#route.secure, () => this.#open());
  }

  #takeRefusal(head: ResponseHead, behind: Buffer): void {
    const framing = tryBodyFraming(head) ?? { type: "close" as const };
    this.#refusal = { head, body: new ResponseBodyReader(framing, MaxBodyBytes) };
    this.#readBody(behind);
  }

  #readBody(chunk: Buffer): void {
    if (this.#refusal?.body.read(chunk) !== "more") this.#settleRefused();
  }

  #settleRefused(): void {
    if (this.#refusal === undefined) return;
    const { head, body } = this.#refusal;
    this.#settle({ type: "refused", status: head.status, fields: head.fields, body: body.content });
  }

  #open(): void {
    this.#settle({ type: "open", open: { socket: this.#socket, connection: this.#connection } });
  }

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onClose = (): void => this.#fail(new Error("the connection ended before its time"));

  readonly #onAbort = (): void => this.#settle({ type: "aborted" });

  #fail(error: Error): void {
    // What is there of a refusal says more.
    if (this.#refusal !== undefined) return this.#settleRefused();
    this.#settle({ type: "failed", at: this.#at, error });
  }

  #settle(result: ClientConnectionResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    const sockets = [this.#connection, this.#socket];
    for (const socket of sockets) socket.off("close", this.#onClose);
    // A socket that is destroyed may still fail.
    if (result.type === "open") for (const socket of sockets) socket.off("error", this.#onError);
    else this.#socket.destroy();
    this.#resolve(result);
  }
}
