import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { h1Client, h2Client, type OpeningClient, type OpeningWish } from "./opening-client.ts";

/** A connection on which HTTP can begin, made by a client that believes any certificate. */
export class TlsClient {
  readonly #socket: TLSSocket;
  /** `undefined` on HTTP/1.1. */
  readonly #session: ClientHttp2Session | undefined;

  private constructor(socket: TLSSocket, session: ClientHttp2Session | undefined) {
    this.#socket = socket;
    this.#session = session;
  }

  static async connect(port: number, httpVersion: "1.1" | "2", options: ConnectionOptions): Promise<TlsClient> {
    const ALPNProtocols = [httpVersion === "2" ? "h2" : "http/1.1"];
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols, ...options });
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "secureConnect");
    if (httpVersion === "1.1") return new TlsClient(socket, undefined);
    const session = connectHttp2(`https://${options.servername}`, { createConnection: () => socket });
    session.on("error", () => undefined);
    onTestFinished(() => {
      session.destroy();
    });
    await once(session, "remoteSettings");
    return new TlsClient(socket, session);
  }

  /** The common name of the certificate it was shown. */
  get certificate(): string {
    return String(this.#socket.getPeerCertificate().subject.CN);
  }

  /** Asks for a WebSocket, on HTTP/1.1 once. */
  opening(): OpeningClient {
    return this.#session === undefined ? h1Client(this.#socket) : h2Client(this.#session);
  }

  /** The status of the answer to a GET. */
  async get({ path = "/", authority = "example.com", fields = [] }: OpeningWish): Promise<number> {
    if (this.#session !== undefined) {
      const pseudo = { ":path": path, ":authority": authority };
      const stream = this.#session.request({ ...pseudo, ...Object.fromEntries(fields) }).resume();
      stream.on("error", () => undefined);
      const [answer] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
      return Number(answer[":status"]);
    }
    const lines = [`GET ${path} HTTP/1.1`, `Host: ${authority}`, ...fields.map(([name, value]) => `${name}: ${value}`)];
    this.#socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    const [chunk] = (await once(this.#socket, "data")) as [Buffer];
    return Number(chunk.toString("latin1").split(" ")[1]);
  }
}
