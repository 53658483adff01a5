import { once } from "node:events";
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { farEndOf } from "./far-end.ts";
import { DefaultH2, listenFor, type Access } from "./listening.ts";
import type { StreamPair } from "./stream-driver.ts";

const Cancel = 8;

/** A stream that a listener of `engine` has accepted, and its client of node:http2. */
export async function openH2Pair(access: Access, engine: H2EngineName): Promise<StreamPair> {
  const listening = await listenFor(access, { http2: { ...DefaultH2, engine } });
  const socket = await listening.connect(["h2"]);
  const session = connect(listening.origin, { createConnection: () => socket });
  session.on("error", () => undefined);
  await once(session, "remoteSettings");
  const far = openStream(session);
  const near = (await listening.nextOpening()).accept({});
  await once(far, "response");
  return {
    near,
    far: farEndOf(far, { reset: () => far.close(Cancel), resetCode: Cancel, wasReset: () => far.rstCode !== 0 }),
    loseConnection: () => void listening.listener.destroy(),
    close: async () => {
      session.destroy();
      await listening.listener.destroy();
    },
  };
}

function openStream(session: ClientHttp2Session): ClientHttp2Stream {
  const fields = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/" };
  const stream = session.request(fields, { endStream: false });
  stream.on("error", () => undefined);
  return stream;
}
