import { constants } from "node:http2";
import type { OpenH2Client } from "../../src/transport/h2-client.ts";
import { describeByteStream } from "../contract/byte-stream.ts";
import { ClientEngines, dialerFor } from "../support/client-dialing.ts";
import { farEndOf } from "../support/far-end.ts";
import { h2Origin } from "../support/h2-origin.ts";
import type { Access } from "../support/listening.ts";
import type { StreamPair } from "../support/stream-driver.ts";

const Cancel = constants.NGHTTP2_CANCEL;

async function openPair(access: Access, openClient: OpenH2Client): Promise<StreamPair> {
  const origin = await h2Origin({ access });
  const { dial, dialer } = dialerFor(origin.address, "h2", { openClient });
  const result = await dial();
  if (result.type !== "accepted") throw new Error(result.type);
  const far = origin.streams[0]!;
  return {
    near: result.stream,
    far: farEndOf(far, { reset: () => far.close(Cancel), resetCode: Cancel, wasReset: () => far.rstCode !== 0 }),
    loseConnection: () => origin.loseConnections(),
    close: async () => {
      dialer.destroy();
      await origin.until(() => origin.connections.open === 0);
    },
  };
}

for (const [engine, openClient] of Object.entries(ClientEngines)) {
  for (const access of ["TLS", "cleartext"] as const) {
    describeByteStream(`a client's HTTP/2 framed by ${engine} over ${access}`, () => openPair(access, openClient));
  }
}
