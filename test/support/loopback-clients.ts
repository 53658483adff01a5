import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { hex } from "./bits.ts";
import { h1Client, h2Client, type OpeningClient, type OpeningWish } from "./opening-client.ts";

const ClientText = hex("81 82 00000000 6869");
const ServerText = hex("81 02 6869");

/** The HTTP versions, and the status that opens a WebSocket over each. */
export const HttpVersions = [
  { httpVersion: "1.1", protocol: "h1", opened: 101 },
  { httpVersion: "2", protocol: "h2", opened: 200 },
] as const;
export type HttpVersion = (typeof HttpVersions)[number]["httpVersion"];

/** A TCP connection to `port` on loopback from `address`, which is one of 127.0.0.0/8. */
export function connectFrom(address: string, port: number): Socket {
  const socket = connectTcp({ port, host: "127.0.0.1", localAddress: address, allowHalfOpen: true });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** An HTTP/2 connection over cleartext, for several clients. */
export async function connectSession(port: number, address = "127.0.0.1"): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => connectFrom(address, port) });
  session.on("error", () => undefined);
  onTestFinished(() => {
    session.destroy();
  });
  await once(session, "remoteSettings");
  return session;
}

/** A client that has asked for nothing yet, on a connection of its own. */
export async function connectClient(
  port: number,
  httpVersion: HttpVersion,
  address = "127.0.0.1",
): Promise<OpeningClient> {
  if (httpVersion === "1.1") return h1Client(connectFrom(address, port));
  return h2Client(await connectSession(port, address));
}

/** An ordinary request. */
export interface RequestWish extends OpeningWish {
  /** Where it comes from; 127.0.0.1 unless told. */
  readonly address?: string;
}

/** The status of the answer to a GET, on a connection of its own. */
export async function statusOf(port: number, httpVersion: HttpVersion, wish: RequestWish = {}): Promise<number> {
  const { path = "/", authority = "example.com", fields = [], address = "127.0.0.1" } = wish;
  if (httpVersion === "2") {
    const session = await connectSession(port, address);
    const pseudo = { ":path": path, ":authority": authority };
    const stream = session.request({ ...pseudo, ...Object.fromEntries(fields) }).resume();
    stream.on("error", () => undefined);
    const [answer] = (await once(stream, "response")) as [{ readonly ":status"?: number }];
    return Number(answer[":status"]);
  }
  const socket = connectFrom(address, port);
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${authority}`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return Number(chunk.toString("latin1").split(" ")[1]);
}

/** Somebody else on the gateway, with a WebSocket to an echo: feels nothing as long as each message comes back. */
export class Neighbour {
  readonly #client: OpeningClient;
  #echoed = 0;

  private constructor(client: OpeningClient) {
    this.#client = client;
  }

  /** Opens its WebSocket and sends a first message. */
  static async open(client: OpeningClient, wish: OpeningWish): Promise<Neighbour> {
    client.ask(wish);
    const { status } = await client.response();
    if (status !== 101 && status !== 200) throw new Error(`the neighbour was answered ${status}`);
    const neighbour = new Neighbour(client);
    await neighbour.feelsNothing();
    return neighbour;
  }

  /** Rejects unless one more message comes back, and nothing else did. */
  async feelsNothing(): Promise<void> {
    this.#client.send(ClientText);
    this.#echoed += 1;
    const received = await this.#client.received(this.#echoed * ServerText.length);
    const expected = Buffer.concat(Array<Uint8Array>(this.#echoed).fill(ServerText));
    if (!received.equals(expected)) throw new Error(`the neighbour got ${received.toString("hex")}`);
  }
}
