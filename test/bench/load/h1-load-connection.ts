import type { TLSSocket } from "node:tls";
import { LoadOutput } from "./load-output.ts";
import type { LoadSocket } from "./load-socket.ts";
import type { Tally } from "./tally.ts";

/** What leaves at once of a message. */
const PieceBytes = 65_536;

/** A connection that is one WebSocket, by Upgrade. */
export class H1LoadConnection {
  readonly #socket: TLSSocket;
  readonly #tally: Tally;
  readonly #output: LoadOutput;
  readonly #webSocket: LoadSocket;
  #head: Buffer | undefined = Buffer.alloc(0);

  /** @param socket - on which HTTP/1.1 was agreed. */
  constructor(socket: TLSSocket, tally: Tally, path: string, webSocket: LoadSocket) {
    this.#socket = socket;
    this.#tally = tally;
    this.#output = new LoadOutput(socket, "full");
    this.#webSocket = webSocket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    for (const event of ["error", "end"]) socket.on(event, () => tally.fail("a connection was lost"));
    this.#output.send(Buffer.from(`GET ${path} HTTP/1.1\r\n${Fields.join("\r\n")}\r\n\r\n`, "latin1"));
  }

  /** Sends what the WebSocket has to send now. */
  pumpAll(): void {
    for (;;) {
      const length = Math.min(this.#webSocket.unsentBytes, PieceBytes);
      if (length === 0) return;
      const at = this.#output.reserve(length);
      this.#webSocket.writeTo(this.#output.block, at, length);
    }
  }

  destroy(): void {
    this.#socket.removeAllListeners("error").on("error", () => undefined);
    this.#socket.removeAllListeners("end").destroy();
  }

  #read(chunk: Buffer): void {
    this.#tally.nowMs = performance.now();
    const bytes = this.#head === undefined ? chunk : this.#readHead(this.#head, chunk);
    if (bytes.length > 0) this.#webSocket.receive(bytes, 0, bytes.length);
    if (this.#head === undefined) this.pumpAll();
  }

  /** Returns what comes behind the answer. */
  #readHead(begin: Buffer, chunk: Buffer): Buffer {
    const head = Buffer.concat([begin, chunk]);
    const end = head.indexOf("\r\n\r\n");
    this.#head = end < 0 ? head : undefined;
    if (end < 0) return Buffer.alloc(0);
    const line = head.toString("latin1", 0, head.indexOf("\r\n"));
    if (line.startsWith("HTTP/1.1 101 ")) this.#webSocket.onOpen();
    else this.#tally.fail(`an opening was answered ${line}`);
    return head.subarray(end + 4);
  }
}

/** About what a browser sends. */
const Fields = [
  "Host: localhost",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "Origin: https://localhost",
  "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
];
