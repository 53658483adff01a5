import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames, type H2EngineName } from "../../../src/transport/h2-acceptor.ts";
import { Flag, FrameType, H2Code, rawFrame, settingsFrame, uint32, type RawH2Client } from "../../support/raw-h2.ts";
import { Neighbour, openScene, receivedBytes, Subject, type Scene, type SceneOptions } from "./scene.ts";

const InitialWindowSize = 4;
const DefaultWindowBytes = 65_535;
const FrameBytes = 16_384;

async function scene(engine: H2EngineName, options?: SceneOptions): Promise<Scene> {
  const opened = await openScene(engine, options);
  onTestFinished(() => opened.close());
  return opened;
}

const update = (streamId: number, bytes: number): Buffer =>
  rawFrame(FrameType.WindowUpdate, Flag.None, streamId, uint32(bytes));

/** What the server has granted on `streamId` beyond what it began with. */
function granted(client: RawH2Client, streamId: number): number {
  return client
    .framesOf(FrameType.WindowUpdate, streamId)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
}

/** So many bytes have come on the subject, and however long one waits no more do. */
async function expectExactly(bytes: number, { client, far }: Scene): Promise<void> {
  await client.until(`${bytes} bytes`, () => receivedBytes(client, Subject).length >= bytes);
  for (let trip = 1; trip <= 3; trip++) await client.roundTrip();
  await far.roundTrip();
  expect(receivedBytes(client, Subject)).toHaveLength(bytes);
}

describe.each(H2EngineNames)("flow control of streams that the engine %s has accepted (§6.9)", (engine) => {
  test("lets as much go as the client's window takes, and more with each update", async () => {
    const opened = await scene(engine, { settings: [[InitialWindowSize, 10]] });
    opened.stream.write(Buffer.alloc(30, 1), 0, 30, "kept");
    await expectExactly(10, opened);
    opened.client.send(update(Subject, 5));
    await expectExactly(15, opened);
    opened.client.send(settingsFrame([[InitialWindowSize, 20]]));
    await expectExactly(25, opened);
    opened.client.send(update(Subject, 1_000));
    await expectExactly(30, opened);
  });

  test("keeps a window that a setting has made negative, until updates make up for it", async () => {
    const opened = await scene(engine, { settings: [[InitialWindowSize, 20]] });
    opened.stream.write(Buffer.alloc(100, 1), 0, 100, "kept");
    await expectExactly(20, opened);
    opened.client.send(settingsFrame([[InitialWindowSize, 5]]));
    opened.client.send(update(Subject, 15));
    await expectExactly(20, opened);
    opened.client.send(update(Subject, 3));
    await expectExactly(23, opened);
  });

  test("lets no more go than the connection's window takes, whatever the streams' windows are", async () => {
    const opened = await scene(engine, { settings: [[InitialWindowSize, 1_000_000]] });
    opened.stream.write(Buffer.alloc(DefaultWindowBytes + 100, 1), 0, DefaultWindowBytes + 100, "kept");
    await expectExactly(DefaultWindowBytes, opened);
    opened.client.send(update(0, 1_000));
    await expectExactly(DefaultWindowBytes + 100, opened);
    await opened.neighbour.roundTrip();
  });

  test("sends no DATA that is larger than a frame may be", async () => {
    const opened = await scene(engine, { settings: [[InitialWindowSize, 1_000_000]] });
    opened.client.send(update(0, 1_000_000));
    opened.stream.write(Buffer.alloc(200_000, 1), 0, 200_000, "kept");
    await expectExactly(200_000, opened);
    const sizes = opened.client.framesOf(FrameType.Data, Subject).map(({ payload }) => payload.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(FrameBytes);
  });

  test("grants anew what padding took", async () => {
    const opened = await scene(engine, { http2: { streamWindowBytes: DefaultWindowBytes } });
    const { client, near } = opened;
    const padded = rawFrame(
      FrameType.Data,
      Flag.Padded,
      Subject,
      Buffer.concat([Buffer.from([255]), Buffer.alloc(257)]),
    );
    const payloadBytes = padded.length - 9;
    let sent = 0;
    for (let frame = 1; frame <= 1_000; frame++) {
      const needed = sent + payloadBytes;
      await client.until("a larger window", () => needed <= DefaultWindowBytes + granted(client, Subject));
      client.send(padded);
      sent = needed;
    }
    await near.until("all of it", () => near.receivedBytes === 2 * 1_000);
  });

  test("refuses DATA beyond the stream's window", async () => {
    const { client, stream, near, far } = await scene(engine, { http2: { streamWindowBytes: DefaultWindowBytes } });
    stream.pause();
    // Four windows: node:http2 takes some of it into a buffer of its own, and grants as much anew.
    const frame = rawFrame(FrameType.Data, Flag.None, Subject, Buffer.alloc(FrameBytes));
    client.send(...Array.from({ length: 16 }, () => frame));
    const codes = (): readonly number[] => [
      ...client.framesOf(FrameType.RstStream, Subject).map(({ payload }) => payload.readUInt32BE()),
      ...client.framesOf(FrameType.GoAway).map(({ payload }) => payload.readUInt32BE(4)),
    ];
    await client.until("an error", () => codes().length > 0);
    expect(codes()).toEqual([H2Code.FlowControlError]);
    await near.until("the end", () => near.ending !== undefined);
    await far.roundTrip();
  });

  test("grants the connection anew what came for a stream that was reset", async () => {
    const { client, stream, neighbour } = await scene(engine, { http2: { connectionWindowBytes: DefaultWindowBytes } });
    const frame = rawFrame(FrameType.Data, Flag.None, Subject, Buffer.alloc(FrameBytes));
    stream.abort("cancel");
    await client.resetCode(Subject);
    for (let sent = FrameBytes; sent <= 20 * FrameBytes; sent += FrameBytes) {
      const needed = sent;
      await client.until("a larger window", () => needed <= DefaultWindowBytes + granted(client, 0));
      client.send(frame);
    }
    await neighbour.roundTrip();
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
    expect(receivedBytes(client, Neighbour).length).toBeGreaterThan(0);
  });
});
