import { expect, test } from "vitest";
import type { AbortReason, ByteStream } from "../../src/transport/byte-stream.ts";
import { connectFields, Flag, FrameType, headerBlock, headersFrame, rawFrame, uint32 } from "../support/raw-h2.ts";
import { serveConnection, type CreateEngine, type ServingOptions } from "../support/serving-engine.ts";
import { pattern } from "../support/stream-driver.ts";
import { NearObserver } from "../support/stream-observers.ts";
import { expectServing } from "./h2-engine-requests.ts";

/** Codes of RFC 9113 §7. */
const NoError = 0;
const ProtocolError = 1;
const InternalError = 2;
const Cancel = 8;
const ConnectError = 10;

/** An accepted stream 1, observed. */
async function opened(create: CreateEngine, options?: ServingOptions) {
  const served = await serveConnection(create, options);
  served.client.send(headersFrame(1, connectFields()));
  const stream = (await served.sink.nextOpening()).accept({});
  const observer = new NearObserver(stream);
  stream.start(observer);
  expect(await served.client.status(1)).toBe(200);
  return { ...served, stream, observer };
}

type Opened = Awaited<ReturnType<typeof opened>>;

/** The client lets nothing be sent. */
const NoWindow: ServingOptions = { settings: [[4, 0]] };

async function endOfClient({ client, observer }: Opened): Promise<void> {
  client.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
  await observer.until("the client's end", () => observer.ends === 1);
}

const write = (stream: ByteStream, bytes: Uint8Array) => stream.write(bytes, 0, bytes.length, "kept");

export function describeH2Streams(create: CreateEngine): void {
  test.each<{ reason: AbortReason; code: number }>([
    { reason: "no-error", code: NoError },
    { reason: "protocol-error", code: ProtocolError },
    { reason: "internal-error", code: InternalError },
    { reason: "cancel", code: Cancel },
    { reason: "connect-error", code: ConnectError },
  ])("resets with code $code for $reason, in each state of the stream", async ({ reason, code }) => {
    const states: [string, ServingOptions, (opened: Opened) => Promise<void> | void][] = [
      ["idle", {}, () => undefined],
      ["after a write", {}, ({ stream }) => void write(stream, pattern(10))],
      ["with bytes that cannot leave", NoWindow, ({ stream }) => void write(stream, pattern(100_000))],
      ["after the client's end", {}, (opened) => endOfClient(opened)],
      ["after its end", {}, ({ stream }) => stream.end()],
      [
        "with an end that cannot leave",
        NoWindow,
        ({ stream }) => {
          write(stream, pattern(10));
          stream.end();
        },
      ],
    ];
    for (const [state, options, bring] of states) {
      const open = await opened(create, options);
      const { client, stream, observer, sink } = open;
      await bring(open);
      stream.abort(reason);
      expect([state, await client.resetCode(1)]).toEqual([state, code]);
      await observer.until(`onClose ${state}`, () => observer.ending !== undefined);
      expect(observer.ending).toEqual({ type: "aborted", reason });
      await expectServing(client, sink);
      expect(client.framesOf(FrameType.RstStream)).toHaveLength(1);
    }
  });

  test.each<AbortReason>(["no-error", "protocol-error", "internal-error", "cancel", "connect-error"])(
    "does not say END_STREAM before the reset for %s",
    async (reason) => {
      for (const when of ["at once", "amid the bytes"] as const) {
        const { client, stream, observer } = await opened(create);
        if (when === "at once") stream.abort(reason);
        else observer.react = () => stream.abort(reason);
        client.send(rawFrame(FrameType.Data, Flag.None, 1, pattern(10)));
        await client.resetCode(1);
        expect(client.framesOf(FrameType.Data, 1)).toEqual([]);
      }
    },
  );

  test.each([NoError, ProtocolError, InternalError, 7, Cancel, 11, 0xff])(
    "tells a reset with code %i",
    async (code) => {
      const { client, sink, observer, stream } = await opened(create);
      write(stream, pattern(100_000));
      client.send(
        rawFrame(FrameType.Data, Flag.None, 1, pattern(10)),
        rawFrame(FrameType.RstStream, 0, 1, uint32(code)),
      );
      await observer.until("onClose", () => observer.ending !== undefined);
      expect(observer.ending).toEqual({ type: "reset", code });
      expect(observer.ends).toBe(0);
      await expectServing(client, sink);
    },
  );

  test.each([NoError, Cancel])("tells a reset with code %i while paused, with bytes unread", async (code) => {
    const { client, stream, observer } = await opened(create);
    stream.pause();
    client.send(rawFrame(FrameType.Data, Flag.None, 1, pattern(10)));
    await client.roundTrip();
    client.send(rawFrame(FrameType.RstStream, 0, 1, uint32(code)));
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code });
  });

  test.each([NoError, Cancel])("tells a reset with code %i while its own end cannot leave", async (code) => {
    const { client, stream, observer, sink, connection } = await opened(create, NoWindow);
    write(stream, pattern(10));
    stream.end();
    client.send(rawFrame(FrameType.RstStream, 0, 1, uint32(code)));
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code });
    await sink.until("no stream", () => connection.openStreams === 0);
  });

  test("ends with END_STREAM alone, and resets nothing when the client ends too", async () => {
    const { client, stream, observer, connection, sink } = await opened(create);
    write(stream, pattern(200_000));
    stream.end();
    // The windows of 65 535 bytes fill; what is left follows with more of both.
    await client.until("a window full", () => dataBytes(client) === 65_535);
    client.send(
      rawFrame(FrameType.WindowUpdate, 0, 0, uint32(200_000)),
      rawFrame(FrameType.WindowUpdate, 0, 1, uint32(200_000)),
    );
    await client.until("END_STREAM", () => client.framesOf(FrameType.Data, 1).at(-1)?.flags === Flag.EndStream);
    expect(dataBytes(client)).toBe(200_000);
    expect(observer.ending).toBeUndefined();
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream)).toEqual([]);
    await sink.until("no stream", () => connection.openStreams === 0);
  });

  test.each([
    { what: "with END_STREAM", flags: Flag.EndHeaders | Flag.EndStream },
    { what: "without END_STREAM", flags: Flag.EndHeaders },
  ])("resets a stream that gets HEADERS once more, $what", async ({ flags }) => {
    const { client, sink, observer } = await opened(create);
    client.send(rawFrame(FrameType.Headers, flags, 1, headerBlock([["x-trailer", "a"]])));
    expect(await client.resetCode(1)).toBe(ProtocolError);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: ProtocolError });
    await expectServing(client, sink);
  });

  test("delivers what came before the answer, its END_STREAM too", async () => {
    const { client, sink } = await serveConnection(create);
    client.send(
      headersFrame(1, connectFields()),
      rawFrame(FrameType.Data, Flag.None, 1, pattern(1_000)),
      rawFrame(FrameType.Data, Flag.EndStream, 1, pattern(1_000, 1_000)),
    );
    const opening = await sink.nextOpening();
    await client.roundTrip();
    const stream = opening.accept({});
    const observer = new NearObserver(stream);
    stream.start(observer);
    await observer.until("the end", () => observer.ends === 1);
    expect(observer.received.equals(pattern(2_000))).toBe(true);
    stream.end();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
  });

  test("holds a client back that is not read, and not its sibling", async () => {
    const { client, sink, stream, observer } = await opened(create, { http2: { streamWindowBytes: 65_536 } });
    stream.pause();
    client.send(headersFrame(3, connectFields()));
    const siblingStream = (await sink.nextOpening(2)).accept({});
    const sibling = new NearObserver(siblingStream);
    siblingStream.start(sibling);
    const sent = new Map([
      [1, 0],
      [3, 0],
    ]);
    for (let round = 0; round < 40; round++) {
      for (const [id, bytes] of sent) {
        if (bytes + 16_384 > 65_536 + credit(client, id)) continue;
        client.send(rawFrame(FrameType.Data, Flag.None, id, Buffer.alloc(16_384)));
        sent.set(id, bytes + 16_384);
      }
      await client.roundTrip();
    }
    expect(sent.get(3)).toBe(40 * 16_384);
    expect(sibling.receivedBytes).toBe(40 * 16_384);
    expect(sent.get(1)).toBeLessThanOrEqual(3 * 65_536);
    expect(observer.receivedBytes).toBe(0);
  });
}

/** What the server has granted to stream `id` beyond its first window. */
function credit(client: Opened["client"], id: number): number {
  return client.framesOf(FrameType.WindowUpdate, id).reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
}

function dataBytes(client: Opened["client"]): number {
  return client.framesOf(FrameType.Data, 1).reduce((sum, { payload }) => sum + payload.length, 0);
}
