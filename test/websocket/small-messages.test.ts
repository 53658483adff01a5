import { expect, test } from "vitest";
import { settled, setUp } from "../support/websocket-peer.ts";

const maxBufferedBytes = 100_000;

test("many small messages that wait end a connection before their bytes alone would", async () => {
  const { connection, peer, endings, limitsHit } = setUp({}, { pair: { highWaterBytes: 1_000 }, maxBufferedBytes });
  await settled();
  peer.stream.pause();
  const sent = Array.from({ length: 10_000 }, () => connection.send("x"));
  peer.stream.resume();
  peer.close(1013);
  peer.stream.end();
  const refused = (await Promise.allSettled(sent)).filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(9_000);
  expect(limitsHit).toEqual(["buffered_bytes"]);
  expect(endings).toEqual([{ initiator: "gateway", code: 1013, cause: "limit" }]);
});

test("small messages may follow one another for ever where the peer takes them", async () => {
  const { connection, peer } = setUp({}, { pair: { highWaterBytes: 1_000 }, maxBufferedBytes });
  await settled();
  for (let burst = 0; burst < 100; burst++) {
    await Promise.all(Array.from({ length: 50 }, () => connection.send("x")));
  }
  await settled();
  expect(peer.heard).toHaveLength(5_000);
});
