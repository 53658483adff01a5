import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { HawserH2Engine } from "../../src/transport/hawser-h2.ts";
import { connectFields, FrameType, headersFrame, type RawFrame, type RawH2Client } from "./raw-h2.ts";
import { serveConnection, type CreateEngine, type ServedConnection, type ServingOptions } from "./serving-engine.ts";
import { NearObserver } from "./stream-observers.ts";

const createHawser: CreateEngine = (http2, deadlines, headers) => new HawserH2Engine(http2, deadlines, headers);

/** A connection that the engine hawser serves. */
export function serveHawser(options?: ServingOptions): Promise<ServedConnection> {
  return serveConnection(createHawser, options);
}

/** A WebSocket's stream as its server sees it. */
export interface AcceptedStream {
  readonly stream: ByteStream;
  readonly observer: NearObserver;
}

/** Opens stream `streamId`, and accepts and starts it. */
export async function acceptStream({ client, sink }: ServedConnection, streamId = 1): Promise<AcceptedStream> {
  const nth = sink.openings.length + 1;
  client.send(headersFrame(streamId, connectFields()));
  const stream = (await sink.nextOpening(nth)).accept({});
  const observer = new NearObserver(stream);
  stream.start(observer);
  await client.status(streamId);
  return { stream, observer };
}

/** The last stream, and the error code, of each GOAWAY that came. */
export function goAwaysOf(client: RawH2Client): readonly (readonly [lastStreamId: number, code: number])[] {
  return client.framesOf(FrameType.GoAway).map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)]);
}

/** The code of the GOAWAY that ends the connection, which is waited for. */
export async function fatalCode(client: RawH2Client): Promise<number> {
  const code = (): number | undefined => goAwaysOf(client).find(([, code]) => code !== 0)?.[1];
  await client.until("a GOAWAY with an error", () => code() !== undefined || client.isClosed);
  return code() ?? Number.NaN;
}

/** The payload of all DATA that came on `streamId`. */
export function dataOf(client: RawH2Client, streamId: number): Buffer {
  return Buffer.concat(client.framesOf(FrameType.Data, streamId).map(({ payload }) => payload));
}

/** The frame with END_STREAM that came on `streamId`, if it did. */
export function endOf(client: RawH2Client, streamId: number): RawFrame | undefined {
  const isLast = ({ type, flags }: RawFrame): boolean =>
    (type === FrameType.Data || type === FrameType.Headers) && (flags & 1) !== 0;
  return client.frames.find((frame) => frame.streamId === streamId && isLast(frame));
}
