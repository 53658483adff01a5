import { once } from "node:events";
import { connect, type ClientHttp2Stream } from "node:http2";
import { Agent, WebSocket as UndiciWebSocket } from "undici";
import { WebSocket } from "ws";

/** What a client of another make is asked to open. */
export interface PeerRequest {
  /** `ws:` or `wss:` URL. */
  readonly url: string;
  readonly subprotocols: readonly string[];
  /** PEM of the authority to trust for `wss:`. */
  readonly ca: string;
}

/** A WebSocket of another make. */
export interface Peer {
  readonly subprotocol: string;
  readonly extensions: string;
  /** Sends a message and returns the one that comes back. */
  echo(message: string | Uint8Array): Promise<string | Uint8Array>;
  close(code: number, reason: string): void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Closes it in order where it is open still, and lets go of what lies beneath it. */
  leave(): Promise<void>;
}

/** What `ws` and the standard's WebSocket have in common. */
type AnySocket = UndiciWebSocket | WebSocket;

/** `ws`: RFC 6455 over HTTP/1.1. */
export async function openWs({ url, subprotocols, ca }: PeerRequest): Promise<Peer> {
  const socket = new WebSocket(url, [...subprotocols], { ca });
  await once(socket, "open");
  return peerOf(socket);
}

/** The WebSocket of undici, over what its agent speaks: RFC 8441 where that allows h2 and the server offers it. */
export async function openUndici(request: PeerRequest, { allowH2 }: { allowH2: boolean }): Promise<Peer> {
  const dispatcher = new Agent({ allowH2, connect: { ca: request.ca } });
  const socket = new UndiciWebSocket(request.url, { protocols: [...request.subprotocols], dispatcher });
  await opened(socket);
  return peerOf(socket, () => void dispatcher.destroy());
}

/** `ws` on an Extended CONNECT of node:http2 (RFC 8441), over TLS or, with prior knowledge, without. */
export async function openWsOverHttp2({ url, subprotocols, ca }: PeerRequest): Promise<Peer> {
  const { origin, pathname } = new URL(url.replace(/^ws/, "http"));
  const session = connect(origin, { ca });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": pathname,
      "sec-websocket-version": "13",
      "sec-websocket-protocol": subprotocols.join(", "),
    },
    { endStream: false },
  );
  const [fields] = await once(stream, "response");
  if (fields[":status"] !== 200) throw new Error(`status ${fields[":status"]}`);
  return peerOf(wsOn(stream, String(fields["sec-websocket-protocol"] ?? "")), () => session.destroy());
}

/** A `ws` client whose opening handshake was made elsewhere; it has no public door for that. */
function wsOn(stream: ClientHttp2Stream, subprotocol: string): WebSocket {
  const socket: WebSocket = Reflect.construct(WebSocket, [null, undefined, { autoPong: true, closeTimeout: 30_000 }]);
  Object.assign(socket, { _isServer: false, _protocol: subprotocol });
  const inside = socket as unknown as { setSocket(stream: ClientHttp2Stream, head: Buffer, options: object): void };
  inside.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false });
  return socket;
}

function opened(socket: UndiciWebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", ({ message }) => reject(new Error(message)));
  });
}

function peerOf(socket: AnySocket, letGo = () => {}): Peer {
  // The two agree on events, but not on a type of them.
  const standard = socket as UndiciWebSocket;
  standard.binaryType = "arraybuffer";
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    standard.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  return {
    get subprotocol() {
      return standard.protocol;
    },
    get extensions() {
      return standard.extensions;
    },
    echo: (message) =>
      new Promise((resolve) => {
        const listener = ({ data }: { data: string | ArrayBuffer }): void => {
          resolve(typeof data === "string" ? data : new Uint8Array(data));
        };
        standard.addEventListener("message", listener, { once: true });
        standard.send(message);
      }),
    close: (code, reason) => standard.close(code, reason),
    closed,
    async leave() {
      standard.close();
      await closed;
      letGo();
    },
  };
}
