import type { StreamEnding } from "../../../src/transport/byte-stream.ts";
import { FrameType, H2Code, type RawH2Client } from "../../support/raw-h2.ts";
import { Subject, type Scene } from "./scene.ts";

/** What frames of the client lead to. */
export type Outcome =
  /** No answer: the subject is in the state it was in. */
  | { readonly type: "nothing" }
  /** No answer: the subject has ended, and its owner was told how. */
  | { readonly type: "over"; readonly ending: StreamEnding }
  /** RST_STREAM on the subject (RFC 9113 §5.4.2). */
  | { readonly type: "stream error"; readonly code: number }
  /** GOAWAY, and the end of the connection (§5.4.1). */
  | { readonly type: "connection error"; readonly code: number };

/** Round trips of the neighbour behind which all that the server does about a frame has come. */
const RoundTrips = 3;

/** Sends `frames`, and returns what they lead to. */
export async function outcomeOf(frames: readonly Uint8Array[], scene: Scene): Promise<Outcome> {
  const { client, near, neighbour } = scene;
  const wasOver = near.ending !== undefined;
  const seen = client.frames.length;
  const reset = () =>
    client.frames.slice(seen).find(({ type, streamId }) => type === FrameType.RstStream && streamId === Subject);
  client.send(...frames);
  for (let trip = 1; trip <= RoundTrips; trip++) {
    neighbour.send(`${trip};`);
    await client.until("an outcome", () => neighbour.isBack || isFailing(client));
    if (isFailing(client)) return { type: "connection error", code: await connectionErrorOf(client) };
  }
  const code = reset()?.payload.readUInt32BE();
  if (code !== undefined) return { type: "stream error", code };
  return near.ending !== undefined && !wasOver ? { type: "over", ending: near.ending } : { type: "nothing" };
}

function goAwayCodes(client: RawH2Client): readonly number[] {
  return client.framesOf(FrameType.GoAway).map(({ payload }) => payload.readUInt32BE(4));
}

const hasEnded = (client: RawH2Client): boolean => client.isClosed || client.socket.readableEnded;

function isFailing(client: RawH2Client): boolean {
  return hasEnded(client) || goAwayCodes(client).some((code) => code !== H2Code.NoError);
}

/** Waits for the connection's end; returns the code it was ended with, NaN where none was told. */
async function connectionErrorOf(client: RawH2Client): Promise<number> {
  await client.until("the end of the connection", () => hasEnded(client));
  return goAwayCodes(client).findLast((code) => code !== H2Code.NoError) ?? Number.NaN;
}
