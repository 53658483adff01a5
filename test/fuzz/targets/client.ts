import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { WebSocketError } from "../../../src/protocol/errors.ts";
import { acceptKey, encodeUpgradeRequest } from "../../../src/protocol/handshake/upgrade.ts";
import { WebSocketClient } from "../../../src/websocket/client.ts";
import { parseClientUrl } from "../../../src/websocket/client-url.ts";
import { framePieces, latin1, ResponsePieces } from "../../support/byte-pieces.ts";
import { codeThrown } from "../../support/byte-readers.ts";
import { Flag, FrameType, headerBlock, rawFrame, settingsFrame } from "../../support/raw-h2.ts";
import type { FuzzSubject, FuzzTarget } from "../fuzz-target.ts";
import { Random, seedOf } from "../random.ts";

const UrlPieces = [
  ...[
    "ws://example.com/chat?a=b",
    "wss://user:p%40ss@[2001:db8::1]:8443/",
    "http://127.0.0.1:80",
    "https://é.example/é",
  ],
  ...[
    "ws://",
    "#",
    "//",
    "@",
    ":65536",
    ":0",
    "%00",
    "\r\n",
    "\\",
    " ",
    "a,b",
    "xn--",
    "1.2.3.400",
    "[::",
    "?é",
    "..",
    "%zz",
  ],
].map(latin1);

/** What is a URL of a WebSocket can be asked for; whatever else comes is WS_URL_INVALID. */
function runUrl(input: Uint8Array): string {
  const written = Buffer.from(input).toString("latin1");
  let said = "";
  const code = codeThrown(() => {
    const { authority, path, scheme, port, authorization } = parseClientUrl(written);
    const fields = authorization === undefined ? [] : ["Authorization", authorization];
    encodeUpgradeRequest({ authority, path, subprotocols: [], extensions: "", key: "", fields });
    said = `${scheme} ${port === 0} ${authorization === undefined}`;
  });
  if (code !== "" && code !== "WS_URL_INVALID") throw new Error(code);
  return code === "" ? said : code;
}

/** Stands in an input for the key that accepts the request it answers: no mutation would come to it. */
const AcceptMark = "@accept@";

/** After which the server leaves a client that says nothing. */
const SilenceMs = 100;

/** What stands behind it is said when the client has said more. */
const WaitMark = "@wait@";

/** A server that answers what it is told, then ends, and a client that asks it. */
class ClientSubject implements FuzzSubject {
  readonly #server: Server;
  readonly #protocol: "h1" | "h2";
  #answer = new Uint8Array(0);

  private constructor(server: Server, protocol: "h1" | "h2") {
    this.#server = server;
    this.#protocol = protocol;
    server.on("connection", (socket) => this.#answerOn(socket));
  }

  static async start(protocol: "h1" | "h2"): Promise<ClientSubject> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ClientSubject(server, protocol);
  }

  async run(input: Uint8Array): Promise<string> {
    this.#answer = input.slice();
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const client = new WebSocketClient({ protocol: this.#protocol, openingMs: 300, closeMs: 300 });
    try {
      const connection = await client.connect(`ws://127.0.0.1:${port}/`, { subprotocols: ["chat"], handler: {} });
      const { code, error } = await connection.closed;
      return `${code} ${error?.code}`;
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      return `${error.code} ${error.response?.status}`;
    } finally {
      await client.close();
    }
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, "close");
  }

  #answerOn(socket: Socket): void {
    socket.on("error", () => undefined);
    socket.on("end", () => socket.destroy());
    socket.setTimeout(SilenceMs, () => socket.destroy());
    const parts: string[] = [];
    let hasAnswered = false;
    socket.on("data", (said: Buffer) => {
      if (!hasAnswered) parts.push(...this.#partsFor(said));
      hasAnswered = true;
      const next = parts.shift() ?? "";
      const cut = parts.length > 0 ? next.length : new Random(seedOf(this.#answer)).below(next.length);
      socket.write(next.slice(0, cut), "latin1");
      if (parts.length === 0) setImmediate(() => socket.end(next.slice(cut), "latin1"));
    });
  }

  #partsFor(request: Buffer): string[] {
    const [, key = ""] = /sec-websocket-key: (.*)\r\n/i.exec(request.toString("latin1")) ?? [];
    return Buffer.from(this.#answer).toString("latin1").replaceAll(AcceptMark, acceptKey(key)).split(WaitMark);
  }
}

const Accepting = latin1(
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${AcceptMark}\r\n\r\n`,
);

const Http1Answers = [Accepting, latin1(AcceptMark), ...ResponsePieces, ...framePieces("server")];

const OfferingConnect = Buffer.concat([settingsFrame([[8, 1]]), latin1(WaitMark)]);

const Accepted = rawFrame(FrameType.Headers, Flag.EndHeaders, 1, headerBlock([[":status", "200"]]));

const Http2Answers = [
  OfferingConnect,
  Buffer.concat([OfferingConnect, Accepted]),
  Buffer.concat([OfferingConnect, Accepted, rawFrame(FrameType.Data, Flag.EndStream, 1, framePieces("server")[0])]),
  settingsFrame(),
  latin1(WaitMark),
  rawFrame(FrameType.Settings, Flag.Ack, 0),
  rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, 1, headerBlock([[":status", "403"]])),
  rawFrame(FrameType.Headers, Flag.EndHeaders, 1, headerBlock([[":status", "103"]])),
  rawFrame(FrameType.RstStream, Flag.None, 1, Buffer.from([0, 0, 0, 7])),
  rawFrame(FrameType.GoAway, Flag.None, 0, Buffer.alloc(8)),
  rawFrame(FrameType.WindowUpdate, Flag.None, 1, Buffer.from([0, 0, 0, 1])),
  rawFrame(FrameType.PushPromise, Flag.EndHeaders, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), headerBlock([])])),
].map((bytes) => new Uint8Array(bytes));

/** What a client is given by its caller and by servers. */
export const ClientTargets: readonly FuzzTarget[] = [
  { name: "client-url", pieces: UrlPieces, start: () => ({ run: runUrl }) },
  { name: "client-http1", pieces: Http1Answers, start: () => ClientSubject.start("h1") },
  { name: "client-http2", pieces: Http2Answers, start: () => ClientSubject.start("h2") },
];
