import { once } from "node:events";
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { describeByteStream } from "../contract/byte-stream.ts";
import { farEndOf } from "../support/far-end.ts";
import { listenFor, type Access } from "../support/listening.ts";
import type { StreamPair } from "../support/stream-driver.ts";

const Cancel = 8;

async function openPair(access: Access): Promise<StreamPair> {
  const listening = await listenFor(access);
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

for (const access of ["TLS", "cleartext"] as const) {
  describeByteStream(`HTTP/2 over ${access}`, () => openPair(access));
}
