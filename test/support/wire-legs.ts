import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { SocketByteStream } from "../../src/transport/socket-byte-stream.ts";
import type { RelayLegs } from "../contract/relay-failures.ts";
import { farEndOf } from "./far-end.ts";
import { connectHawser } from "./hawser-client.ts";
import { H2Peer } from "./h2-peer.ts";
import { listenFor, readUntil, upgradeRequest, type Access, type ListenerUnderTest } from "./listening.ts";
import { connectFields, headersFrame } from "./raw-h2.ts";
import type { RelayPeer } from "./relay-endpoint.ts";
import { connectedSockets } from "./socket-pair.ts";
import { turns } from "./stream-observers.ts";

/** One leg, and what stands behind it. */
interface UpstreamLeg {
  readonly upstream: ByteStream;
  readonly upstreamPeer: RelayPeer;
}

/** Legs of a relay as the gateway has them: a client that came through a listener, an upstream over TCP or HTTP/2. */
export async function openWireLegs(
  access: Access,
  version: "h1" | "h2",
  upstreamVersion: "h1" | "h2" = "h1",
): Promise<RelayLegs> {
  const listening = await listenFor(access);
  const waiting = version === "h1" ? await askH1(listening) : await askH2(listening, access);
  const opening = await listening.nextOpening();
  const client = opening.accept({});
  const clientPeer = await waiting.answered();
  const leg = upstreamVersion === "h1" ? await h1Upstream() : await h2Upstream();
  return {
    client,
    clientPeer,
    ...leg,
    close: async () => {
      clientPeer.loseConnection();
      leg.upstreamPeer.loseConnection();
    },
  };
}

async function h1Upstream(): Promise<UpstreamLeg> {
  const pair = await connectedSockets();
  pair.client.setNoDelay();
  return {
    upstream: new SocketByteStream(pair.server),
    upstreamPeer: {
      far: farEndOf(pair.client, { reset: () => pair.client.resetAndDestroy(), resetCode: undefined }),
      resetSeen: () => "reset",
      loseConnection: () => pair.client.destroy(),
    },
  };
}

async function h2Upstream(): Promise<UpstreamLeg> {
  const hawser = await connectHawser();
  const { result } = hawser.ask();
  hawser.server.send(headersFrame(1, [[":status", "200"]]));
  const accepted = await result;
  if (accepted.type !== "accepted") throw new Error(accepted.type);
  return { upstream: accepted.stream, upstreamPeer: new H2Peer(hawser.server, 1) };
}

/** A peer whose opening was sent and is not answered yet. */
interface WaitingPeer {
  answered(): Promise<RelayPeer>;
}

async function askH1(listening: ListenerUnderTest): Promise<WaitingPeer> {
  const connection = await listening.connectTcp();
  connection.setNoDelay();
  const socket = listening.ca === undefined ? connection : await secured(connection, listening.ca);
  socket.write(upgradeRequest());
  return {
    answered: async () => {
      await readUntil(socket, "\r\n\r\n");
      return {
        far: farEndOf(socket, { reset: () => connection.resetAndDestroy(), resetCode: undefined }),
        resetSeen: () => "reset",
        loseConnection: () => connection.destroy(),
      };
    },
  };
}

async function secured(connection: Socket, ca: string): Promise<Socket> {
  const socket = connectTls({ socket: connection, ca, servername: "localhost", ALPNProtocols: ["http/1.1"] });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

async function askH2(listening: ListenerUnderTest, access: Access): Promise<WaitingPeer> {
  const client = await listening.connectH2();
  client.socket.setNoDelay();
  client.send(headersFrame(1, connectFields("/chat", access === "TLS" ? "https" : "http")));
  return {
    answered: async () => {
      await client.status(1);
      return new H2Peer(client, 1);
    },
  };
}

/** Resolves when nothing of `legs` has moved for some turns of the event loop. */
export async function untilQuiet(legs: RelayLegs): Promise<void> {
  const state = (): string =>
    [
      legs.clientPeer.far.unsentBytes,
      legs.upstreamPeer.far.unsentBytes,
      legs.client.bufferedBytes,
      legs.upstream.bufferedBytes,
    ].join();
  let before = "";
  for (let quiet = 0; quiet < 3;) {
    await turns();
    const now = state();
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
}
