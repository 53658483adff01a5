import { describe, expect, test } from "vitest";
import { Opcode } from "../../src/protocol/frame/opcode.ts";
import { connectionPair } from "../support/connection-pair.ts";
import { settled, setUp } from "../support/websocket-peer.ts";

const pair = { highWaterBytes: 1_000 };
const message = "x".repeat(10_000);
const Many = 100;

describe("two ends that both send more than is taken at once", () => {
  test("both get it all, where handlers take it", async () => {
    const heard = { server: 0, client: 0 };
    const { server, client } = connectionPair({
      pair,
      server: { handler: { onMessage: () => void heard.server++ } },
      client: { handler: { onMessage: () => void heard.client++ } },
    });
    const sent = Array.from({ length: Many }, () => [server.send(message), client.send(message)]);
    await Promise.all(sent.flat());
    await settled();
    expect(heard).toEqual({ server: Many, client: Many });
  });

  test("both get it all, where it is asked for meanwhile", async () => {
    const { server, client } = connectionPair({ pair });
    async function exchange(end: typeof server): Promise<number> {
      const sent = Promise.all(Array.from({ length: Many }, () => end.send(message)));
      let heard = 0;
      while (heard < Many && (await end.receive()) !== undefined) heard++;
      await sent;
      return heard;
    }
    expect(await Promise.all([exchange(server), exchange(client)])).toEqual([Many, Many]);
  });

  test("and where a server echoes what comes without waiting", async () => {
    let heard = 0;
    const { client } = connectionPair({
      pair,
      server: { handler: { onMessage: (connection, echoed) => void connection.send(echoed) } },
      client: { handler: { onMessage: () => void heard++ } },
    });
    await Promise.all(Array.from({ length: Many }, () => client.send(message)));
    await settled();
    expect(heard).toBe(Many);
  });
});

test("a client whose server takes nothing answers Pings up to its bound, then holds the server", async () => {
  const maxBufferedBytes = 5_000;
  const { connection, peer, incoming } = setUp(
    {},
    { role: "client", maxBufferedBytes, controlFramesPerSecond: Infinity, pair: { ...pair, chunkBytes: 1_000 } },
  );
  await settled();
  peer.stream.pause();
  peer.send(...Array.from({ length: 10_000 }, () => peer.frame(Opcode.Ping, "?")));
  await settled();
  expect(connection.bufferedBytes).toBeGreaterThanOrEqual(maxBufferedBytes);
  expect(connection.bufferedBytes).toBeLessThan(maxBufferedBytes + 100);
  expect(incoming.ping).toBeLessThan(1_000);
  peer.stream.resume();
  await settled();
  expect(incoming.ping).toBe(10_000);
  expect(connection.state).toBe("open");
});
