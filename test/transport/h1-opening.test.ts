import { once } from "node:events";
import { expect } from "vitest";
import { describeByteStream } from "../contract/byte-stream.ts";
import { farEndOf } from "../support/far-end.ts";
import { listenFor, upgradeRequest, type Access } from "../support/listening.ts";
import type { StreamPair } from "../support/stream-driver.ts";

/** An accepted Upgrade: the socket has gone through node:http before. */
async function openPair(access: Access): Promise<StreamPair> {
  const listening = await listenFor(access);
  const { socket, tcp } = await listening.connectLayers();
  socket.write(upgradeRequest());
  const near = (await listening.nextOpening()).accept({});
  // Read in a way that leaves the socket neither flowing nor paused: the far end is observed later.
  await once(socket, "readable");
  expect(String(socket.read())).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
  return {
    near,
    far: farEndOf(socket, { reset: () => void tcp.resetAndDestroy(), resetCode: undefined }),
    loseConnection: () => void listening.listener.destroy(),
    close: async () => {
      tcp.destroy();
      socket.destroy();
      await listening.listener.destroy();
    },
  };
}

for (const access of ["TLS", "cleartext"] as const) {
  describeByteStream(`an accepted Upgrade over ${access}`, () => openPair(access));
}
