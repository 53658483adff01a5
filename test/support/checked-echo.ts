import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { binaryFrame, parseClosePayload } from "../../src/protocol/frame/frame.ts";
import { encodeFrame, tryDecodeFrame } from "../../src/protocol/frame/frame-codec.ts";
import { createMaskKey } from "../../src/protocol/frame/mask.ts";
import { Opcode } from "../../src/protocol/frame/opcode.ts";

/** A WebSocket to an echo that checks each message that comes back: in order, none lost, none doubled, no byte changed. */
export class CheckedEcho {
  readonly #stream: Duplex;
  #received: Uint8Array = new Uint8Array(0);
  readonly #expected: Uint8Array[] = [];
  /** Messages that came back as they should. */
  echoed = 0;
  /** Told of each of them. */
  onEcho: (() => void) | undefined;
  /** What went wrong, if something did. */
  fault: string | undefined;
  /** Of the Close that came; 1006 where the stream ended without one; `undefined` while it is open. */
  closeCode: number | undefined;

  /** @param stream - carries frames from now on; `early` is what has come already. */
  constructor(stream: Duplex, early: Uint8Array = new Uint8Array(0)) {
    this.#stream = stream;
    stream.on("data", (bytes: Uint8Array) => this.#take(bytes));
    stream.on("error", () => undefined);
    stream.on("close", () => (this.closeCode ??= 1006));
    stream.on("end", () => (this.closeCode ??= 1006));
    if (early.length > 0) this.#take(early);
  }

  /** Messages sent that have not come back yet. */
  get outstanding(): number {
    return this.#expected.length;
  }

  /** Sends a message of random bytes, of 1 to `maxBytes` of them. */
  send(maxBytes: number): void {
    if (this.closeCode !== undefined) return;
    const payload = randomBytes(1 + Math.floor(Math.random() * maxBytes));
    this.#expected.push(payload);
    this.#stream.write(encodeFrame(binaryFrame(payload), { maskKey: createMaskKey() }));
  }

  /** Reads nothing until {@link resume}. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #take(bytes: Uint8Array): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    for (let next = tryDecodeFrame(this.#received); next; next = tryDecodeFrame(this.#received)) {
      const { opcode, payload } = next.frame;
      this.#received = this.#received.subarray(next.length);
      if (opcode === Opcode.Close) {
        this.closeCode ??= parseClosePayload(payload).code;
        this.#stream.end();
      } else if (opcode === Opcode.Binary) {
        this.#check(payload);
      }
    }
  }

  #check(payload: Uint8Array): void {
    const expected = this.#expected.shift();
    if (expected === undefined || Buffer.compare(expected, payload) !== 0) {
      this.fault ??= `message ${this.echoed} differs`;
      return;
    }
    this.echoed += 1;
    this.onEcho?.();
  }
}

const Loopback = { host: "127.0.0.1", rejectUnauthorized: false, servername: "localhost" } as const;

/** Opens one over HTTP/1.1 and TLS, on a connection of its own. */
export async function openH1Echo(port: number, path: string): Promise<CheckedEcho> {
  const socket = connectTls({ ...Loopback, port, ALPNProtocols: ["http/1.1"] });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return await openH1EchoOn(socket, path);
}

/** Opens one on `socket`, which is connected. */
export async function openH1EchoOn(socket: Socket, path: string): Promise<CheckedEcho> {
  const key = randomBytes(16).toString("base64");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  let head = Buffer.alloc(0);
  while (!head.includes("\r\n\r\n")) {
    const [bytes] = (await once(socket, "data")) as [Buffer];
    head = Buffer.concat([head, bytes]);
  }
  if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(head.toString("latin1").split("\r\n")[0]);
  return new CheckedEcho(socket, head.subarray(head.indexOf("\r\n\r\n") + 4));
}

/** Connects over HTTP/2 and TLS, on `socket` if that is told. */
export async function connectH2(port: number, socket?: TLSSocket): Promise<ClientHttp2Session> {
  const made = socket === undefined ? {} : { createConnection: () => socket };
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ...Loopback, ...made });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  return session;
}

/** Opens one as a stream of `session`. */
export async function openH2Echo(session: ClientHttp2Session, path: string): Promise<CheckedEcho> {
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":authority": "localhost",
    ":path": path,
    "sec-websocket-version": "13",
  });
  stream.on("error", () => undefined);
  const [fields] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
  if (fields[":status"] !== 200) throw new Error(`status ${fields[":status"]}`);
  return new CheckedEcho(stream);
}
