import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { tryReadClientHello } from "./client-hello.ts";
import { FirstBytes } from "./first-bytes.ts";
import type { TlsFacts } from "./opening.ts";

/** Why a TLS handshake failed. */
export type HandshakeFailure =
  | "tls" // no common version or cipher, or no TLS at all
  | "alpn" // the client speaks no protocol of ours
  | "client-certificate" // it had to show one and did not, or showed one that is not believed
  | "deadline"
  | "client-left";

/** What became of a handshake. `failed` is told when the TCP connection is closed. */
export type HandshakeResult =
  | { readonly type: "secure"; readonly socket: TLSSocket; readonly facts: TlsFacts }
  | { readonly type: "failed"; readonly reason: HandshakeFailure };

/** An accepted connection from its first byte to the end of its TLS handshake, and the deadline of that. */
export class TlsAttempt {
  readonly #tcp: Socket;
  readonly #done: (result: HandshakeResult) => void;
  readonly #deadline: NodeJS.Timeout;
  #failure: HandshakeFailure | undefined;

  /** @param done - must not throw; told once, never before the constructor returns. */
  constructor(tcp: Socket, handshakeMs: number, done: (result: HandshakeResult) => void) {
    this.#tcp = tcp;
    this.#done = done;
    // One that is half-open would not tell that the client has left.
    tcp.allowHalfOpen = false;
    tcp.on("error", () => undefined);
    this.#deadline = setTimeout(() => {
      this.failed("deadline");
      tcp.destroy();
    }, handshakeMs);
    if (tcp.closed) this.#onClose();
    else tcp.once("close", this.#onClose);
  }

  /** Tells the server name the client asks for, in lower case; its bytes are then unread as before. */
  readServerName(onKnown: (serverName: string | undefined) => void): void {
    const firstBytes = new FirstBytes(this.#tcp, {
      onBytes: (held) => {
        const hello = tryReadClientHello(held);
        if (hello === undefined) return;
        firstBytes.giveBack();
        onKnown(hello.serverName?.toLowerCase());
      },
      onGone: () => void this.#tcp.destroy(),
    });
  }

  /** The handshake has failed and the connection is about to close. The first reason counts. */
  failed(reason: HandshakeFailure): void {
    this.#failure ??= reason;
  }

  /** The handshake is done; `socket` takes over what is left to do. */
  succeeded(socket: TLSSocket, facts: TlsFacts): void {
    clearTimeout(this.#deadline);
    this.#tcp.off("close", this.#onClose);
    this.#done({ type: "secure", socket, facts });
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#deadline);
    // Of a certificate that is not believed node:tls tells only behind the close.
    setImmediate(() => this.#done({ type: "failed", reason: this.#failure ?? "client-left" }));
  };
}
