import type { TestCertificate } from "../support/certificates.ts";

/** What an end was told of the other's Close; 1005 for one without a code, 1006 where there was none. */
export interface ToldClose {
  readonly code: number;
  readonly reason: string;
}

/** A message as it is the same for every library. */
export type Message = string | Uint8Array;

/** One end of a WebSocket, of whatever make. */
export interface End {
  /** What it was opened over, where the library tells. */
  readonly httpVersion?: "1.1" | "2";
  /** Empty for none. */
  readonly subprotocol: string;
  /** The extensions agreed on, as the library tells them. */
  readonly extensions: string;
  /** Sends a message, in one frame or in so many of about the same length. */
  send(message: Message, fragments?: number): void;
  /** The next message; rejects once it is closed. */
  receive(): Promise<Message>;
  /** Sends a Ping, and resolves when its Pong is there. Absent where the library has none. */
  ping?(): Promise<unknown>;
  /** Begins the closing handshake; without `code` the Close has none, if the library can. */
  close(code?: number, reason?: string): void;
  /** Ends it without a Close. Absent where the library cannot. */
  abort?(): void;
  readonly closed: Promise<ToldClose>;
}

/** What a client is asked to open. */
export interface OpenRequest {
  /** `ws:` or `wss:` URL. */
  readonly url: string;
  readonly subprotocols: readonly string[];
  /** PEM of the authority to trust for `wss:`. */
  readonly ca: string;
}

/** What the libraries differ in. */
export interface Abilities {
  readonly name: string;
  /** permessage-deflate. */
  readonly compresses: boolean;
  /** Messages in several frames. */
  readonly fragments: boolean;
  readonly pings: boolean;
  readonly aborts: boolean;
  /** What the other end is told when it ends without a Close; 1006 where not given, as nothing between them says more. */
  readonly lostClose?: number;
  /** The code of a Close that is given none. */
  readonly bareClose: 1000 | 1005;
}

/** Opens WebSockets with one library. */
export interface ClientLibrary extends Abilities {
  /** The one it speaks; `undefined` for what the server offers. */
  readonly httpVersion: "1.1" | "2" | undefined;
  /** Whether a refusal comes with its status. */
  readonly tellsStatus: boolean;
  /** Rejects with {@link Refused} where the server refuses. */
  open(request: OpenRequest): Promise<End>;
  /** Ends what it has open. */
  stop?(): Promise<void>;
}

/** Serves WebSockets with one library. */
export interface ServerLibrary extends Abilities {
  /** The one it prefers. */
  readonly httpVersion: "1.1" | "2";
  /** Starts a server on loopback, with `identity` where it speaks TLS. */
  start(identity: TestCertificate): Promise<RunningServer>;
}

/** A server that runs: it speaks the subprotocol {@link Subprotocol}, and refuses `/refuse/STATUS`. */
export interface RunningServer {
  /** `ws:` or `wss:` URL, without a path. */
  readonly url: string;
  /** The WebSocket that opened next, or has opened and was not asked for. */
  next(): Promise<End>;
  stop(): Promise<void>;
}

/** The one subprotocol of every server here. */
export const Subprotocol = "chat.v2";

/** The status that a path asks to be refused with. */
export function refusalOf(path: string | undefined): number | undefined {
  const status = /^\/refuse\/(\d+)$/.exec(path ?? "")?.[1];
  return status === undefined ? undefined : Number(status);
}

/** A server did not open a WebSocket; `status` is what it said, if the client tells. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number | undefined;

  constructor(status?: number) {
    super(`refused with ${status ?? "a status not told"}`);
    this.status = status;
  }
}

/** What has come and was not asked for, and who waits for more. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #takers: PromiseWithResolvers<Item>[] = [];
  #isClosed = false;

  push(item: Item): void {
    const taker = this.#takers.shift();
    if (taker) taker.resolve(item);
    else this.#items.push(item);
  }

  /** The next item; rejects when the inbox is closed and empty. */
  take(): Promise<Item> {
    const taker = Promise.withResolvers<Item>();
    if (this.#items.length > 0) taker.resolve(this.#items.shift()!);
    else if (this.#isClosed) taker.reject(new Error("closed"));
    else this.#takers.push(taker);
    return taker.promise;
  }

  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers.splice(0)) taker.reject(new Error("closed"));
  }
}

/** `bytes` in so many pieces of about the same length, cut wherever that falls. */
export function pieces(bytes: Uint8Array, count: number): Uint8Array[] {
  const size = Math.max(1, Math.ceil(bytes.length / count));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}
