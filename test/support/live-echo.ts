import type { Socket } from "node:net";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { readUntil, upgradeRequest, type Access, type ListenerUnderTest } from "./listening.ts";
import { connectFields, Flag, FrameType, headersFrame, rawFrame } from "./raw-h2.ts";

export type HttpVersion = "1.1" | "2";

/** Each way a client comes to its WebSocket. */
export const EachWayIn: readonly { readonly access: Access; readonly version: HttpVersion }[] = [
  { access: "TLS", version: "1.1" },
  { access: "TLS", version: "2" },
  { access: "cleartext", version: "1.1" },
  { access: "cleartext", version: "2" },
];

/** An open WebSocket on a connection of its own; the listener's side sends back what comes. */
export interface LiveEcho {
  readonly socket: Socket;
  /** Some bytes to the listener's side and back. */
  roundTrip(): Promise<void>;
}

/** Opens one on `tcp`, or on a new connection. Every opening of `listening` is accepted from now on. */
export async function openEcho(
  { listening, access, version }: { listening: ListenerUnderTest; access: Access; version: HttpVersion },
  tcp?: Socket,
): Promise<LiveEcho> {
  listening.onOpening = (opening) => sendBack(opening.accept({}));
  return version === "2" ? openH2Echo(listening, access, tcp) : openH1Echo(listening, tcp);
}

async function openH1Echo(listening: ListenerUnderTest, tcp?: Socket): Promise<LiveEcho> {
  const socket = await listening.connect(["http/1.1"], tcp);
  socket.write(upgradeRequest());
  await readUntil(socket, "\r\n\r\n");
  let trips = 0;
  return {
    socket,
    async roundTrip() {
      const text = `trip ${++trips};`;
      const back = readUntil(socket, text);
      socket.write(text);
      await back;
    },
  };
}

async function openH2Echo(listening: ListenerUnderTest, access: Access, tcp?: Socket): Promise<LiveEcho> {
  const client = await listening.connectH2([], tcp);
  client.send(headersFrame(1, connectFields("/", access === "TLS" ? "https" : "http")));
  const status = await client.status(1);
  if (status !== 200) throw new Error(`status ${status}`);
  let sent = 0;
  return {
    socket: client.socket,
    async roundTrip() {
      sent++;
      client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("back")));
      await client.until("DATA", () => client.framesOf(FrameType.Data, 1).length === sent);
    },
  };
}

function sendBack(stream: ByteStream): void {
  stream.start({
    onBytes: (bytes, start, end) => void stream.write(bytes.slice(start, end), 0, end - start, "kept"),
    onDrain: () => undefined,
    onEnd: () => stream.end(),
    onClose: () => undefined,
  });
}
