import { expect, test } from "vitest";
import { connectFields, Flag, FrameType, headersFrame, rawFrame, uint32 } from "../support/raw-h2.ts";
import { serveConnection, type CreateEngine, type ServingOptions } from "../support/serving-engine.ts";
import { NearObserver, turns } from "../support/stream-observers.ts";

const NoError = 0;

/** A connection with stream 1 accepted. */
async function opened(create: CreateEngine, options?: ServingOptions) {
  const served = await serveConnection(create, options);
  served.client.send(headersFrame(1, connectFields()));
  const stream = (await served.sink.nextOpening()).accept({});
  const observer = new NearObserver(stream);
  stream.start(observer);
  await served.client.status(1);
  return { ...served, stream, observer };
}

type Served = Awaited<ReturnType<typeof serveConnection>>;

/** The last stream, and the error code, of the last GOAWAY. */
function lastGoAway(client: Served["client"]): readonly number[] | undefined {
  const payload = client.framesOf(FrameType.GoAway).at(-1)?.payload;
  return payload && [payload.readUInt32BE(0), payload.readUInt32BE(4)];
}

async function untilGone({ sink, client, closes }: Served): Promise<void> {
  await sink.until("onClose", () => closes() > 0);
  await client.until("the end of the connection", () => client.isClosed || client.socket.readableEnded);
  expect(closes()).toBe(1);
}

export function describeH2Ends(create: CreateEngine): void {
  test("answers 503 after refuseNew, and lets open streams be", async () => {
    const { client, sink, connection, observer } = await opened(create);
    connection.refuseNew();
    client.send(headersFrame(3, connectFields()));
    expect(await client.status(3)).toBe(503);
    expect(sink.refusals).toEqual(["draining"]);
    await client.until("words for who asked for a WebSocket", () => client.framesOf(FrameType.Data, 3).length > 0);
    client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("on")));
    await observer.until("bytes", () => observer.receivedBytes === 2);
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
  });

  test("sends GOAWAY with the last stream at goAway, and ends behind that stream", async () => {
    const served = await opened(create);
    const { client, connection, stream, observer } = served;
    connection.goAway();
    // One that names no stream yet may come first (RFC 9113 §6.8).
    await client.until("the last GOAWAY", () => lastGoAway(client)?.[0] === 1);
    expect(lastGoAway(client)).toEqual([1, NoError]);
    client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("on")));
    await observer.until("bytes", () => observer.receivedBytes === 2);
    stream.end();
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
    client.socket.end();
    await untilGone(served);
  });

  test("does not wait for ever for a client that ignores GOAWAY", async () => {
    const served = await serveConnection(create, { deadlines: { headersMs: 400 } });
    served.connection.goAway();
    await untilGone(served);
  });

  test("tells each stream that the connection is lost at destroy", async () => {
    const served = await opened(create);
    const { client, sink, connection, observer } = served;
    client.send(headersFrame(3, connectFields()));
    const opening = await sink.nextOpening(2);
    const gone = new Promise((resolve) => (opening.onGone = resolve));
    connection.destroy();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "connection-lost" });
    expect(await gone).toBe("client-left");
    connection.destroy();
    connection.goAway();
    connection.refuseNew();
    await untilGone(served);
    expect(connection.openStreams).toBe(0);
  });

  test.each([
    { how: "FIN", leave: (client: Served["client"]) => client.socket.end() },
    { how: "RST", leave: (client: Served["client"]) => client.socket.resetAndDestroy() },
    {
      how: "GOAWAY with an error",
      leave: (client: Served["client"]) => client.send(rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, 2))),
    },
  ])("tells each stream that the connection is lost when the client sends $how", async ({ leave }) => {
    const served = await opened(create);
    leave(served.client);
    await served.observer.until("onClose", () => served.observer.ending !== undefined);
    expect(served.observer.ending).toEqual({ type: "connection-lost" });
    expect(served.observer.ends).toBe(0);
    await served.sink.until("onClose", () => served.closes() === 1);
    expect(served.connection.openStreams).toBe(0);
  });

  test.each([
    { how: "a GOAWAY with an error", frames: [rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, 2))] },
    { how: "destroy, called by who takes a request", frames: [headersFrame(1, connectFields())] },
  ])("leaves no opening that came in the same read behind $how", async ({ frames }) => {
    const served = await serveConnection(create);
    let waiting = 0;
    served.sink.onOpening = (opening) => {
      waiting++;
      opening.onGone = () => waiting--;
      served.connection.destroy();
    };
    served.client.send(...frames, headersFrame(3, connectFields()));
    await served.sink.until("onClose", () => served.closes() === 1);
    expect(waiting).toBe(0);
    expect(served.connection.openStreams).toBe(0);
  });

  test("lets streams live on behind a GOAWAY of the client without error", async () => {
    const { client, observer, stream } = await opened(create);
    client.send(rawFrame(FrameType.GoAway, Flag.None, 0, uint32(0, NoError)));
    client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("on")));
    await observer.until("bytes", () => observer.receivedBytes === 2);
    stream.write(Buffer.from("and back"), 0, 8, "kept");
    await client.until("the answer", () => client.framesOf(FrameType.Data, 1).length > 0);
  });

  test("keeps more resets than one page reload makes", async () => {
    const { client, sink, connection } = await serveConnection(create);
    sink.onOpening = (opening) => void opening.accept({});
    let id = 1;
    for (let reload = 1; reload <= 4; reload++) {
      const ids = Array.from({ length: 250 }, () => (id += 2));
      client.send(...ids.map((streamId) => headersFrame(streamId, connectFields())));
      await sink.until("250 streams", () => connection.openStreams === 250);
      client.send(...ids.map((streamId) => rawFrame(FrameType.RstStream, Flag.None, streamId, uint32(8))));
      await sink.until("no stream", () => connection.openStreams === 0);
    }
    await client.roundTrip();
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
    expect(sink.openings).toHaveLength(1_000);
  });

  test("ends a connection that resets without end", async () => {
    const served = await serveConnection(create, { http2: { resetBurst: 50, resetsPerSecond: 1 } });
    for (let id = 1; id < 2_000 && served.closes() === 0; id += 2) {
      served.client.send(headersFrame(id, connectFields()), rawFrame(FrameType.RstStream, 0, id, uint32(8)));
      if (id % 50 === 1) await turns(1);
    }
    await untilGone(served);
    expect(served.client.framesOf(FrameType.GoAway)[0]?.payload.readUInt32BE(4)).toBeGreaterThan(NoError);
    expect(served.sink.openings.length).toBeLessThan(500);
  });
}
