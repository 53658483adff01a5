import { describe, expect, onTestFinished, test } from "vitest";
import { dataOf, fatalCode, goAwaysOf } from "../../support/hawser-serving.ts";
import { DefaultH2, listenFor } from "../../support/listening.ts";
import { H2Attacks } from "../../support/h2-attacks.ts";
import { connectFields, Flag, FrameType, headersFrame, rawFrame, type RawH2Client } from "../../support/raw-h2.ts";
import { turns } from "../../support/stream-observers.ts";

const EnhanceYourCalm = 11;

/** A listener that accepts all WebSockets and sends back what comes, and a client that feels nothing of what others do. */
async function withNeighbour() {
  const listening = await listenFor("cleartext", { http2: { ...DefaultH2, engine: "hawser" } });
  listening.onOpening = (opening) => {
    const stream = opening.accept({});
    stream.start({
      onBytes: (bytes, start, end) => void stream.write(bytes, start, end, "kept"),
      onDrain() {},
      onEnd: () => stream.end(),
      onClose() {},
    });
  };
  listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "answer" });
  const neighbour = await listening.connectH2();
  neighbour.send(headersFrame(1, connectFields()));
  expect(await neighbour.status(1)).toBe(200);
  let sent = 0;
  const echoMs = async (): Promise<number> => {
    const startMs = performance.now();
    neighbour.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("neighbour")));
    sent += 9;
    await neighbour.until("an echo", () => dataOf(neighbour, 1).length === sent);
    return performance.now() - startMs;
  };
  await echoMs();
  onTestFinished(() => neighbour.close());
  return { listening, echoMs };
}

/** Sends what `frames` makes, piece after piece, until the connection is ended for it; returns the code of that. */
async function flood(client: RawH2Client, frames: (round: number) => readonly Uint8Array[]): Promise<number> {
  client.acknowledges = false;
  for (let round = 0; round < 400 && goAwaysOf(client).length === 0 && !client.isClosed; round++) {
    client.send(...frames(round));
    await turns(1);
  }
  return fatalCode(client);
}

describe("a client that costs more than its budget loses its connection, and nobody else feels it", () => {
  test.each(H2Attacks)("$what", async ({ frames, abuse, first = [] }) => {
    const { listening, echoMs } = await withNeighbour();
    const attacker = await listening.connectH2();
    attacker.send(...first);
    const before = process.memoryUsage.rss();
    const ended = flood(attacker, frames);
    const slowest = Math.max(await echoMs(), await echoMs(), await echoMs());
    expect(await ended).toBe(EnhanceYourCalm);
    attacker.socket.destroy();
    await listening.until("its end", () => listening.closed.length === 1);
    expect(listening.abuses).toEqual([abuse]);
    expect(slowest).toBeLessThan(1_000);
    expect(await echoMs()).toBeLessThan(500);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
    expect(listening.errors).toEqual([]);
  });
});
