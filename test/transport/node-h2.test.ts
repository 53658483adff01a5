import { expect, test } from "vitest";
import { NodeH2Engine } from "../../src/transport/node-h2.ts";
import { describeH2Engine } from "../contract/h2-engine.ts";
import { connectFields, Flag, FrameType, headersFrame, rawFrame, uint32 } from "../support/raw-h2.ts";
import { serveConnection, type CreateEngine } from "../support/serving-engine.ts";

const createEngine: CreateEngine = (http2, deadlines, headers) => new NodeH2Engine(http2, deadlines, headers);
const Cancel = 8;

describeH2Engine("the engine node", createEngine);

test("a client that resets all its streams and opens as many in one write keeps its connection", async () => {
  const { client, sink, connection } = await serveConnection(createEngine);
  sink.onOpening = (opening) => void opening.accept({});
  const ids = Array.from({ length: 250 }, (_, nth) => 1 + 2 * nth);
  const open = (first: number) => ids.map((id) => headersFrame(first + id, connectFields()));
  client.send(...open(0));
  await sink.until("250 streams", () => connection.openStreams === 250);
  const resets = ids.map((id) => rawFrame(FrameType.RstStream, Flag.None, id, uint32(Cancel)));
  client.send(...resets, ...open(1_000));
  // Those that node:http2 does not take while it still counts the old ones are reset, and can be tried again.
  await client.until("an answer to each", () => client.frames.filter(isAnswer).length === 250);
  client.send(headersFrame(5_001, connectFields()));
  expect(await client.status(5_001)).toBe(200);
  expect(client.framesOf(FrameType.GoAway)).toEqual([]);

  function isAnswer({ type, streamId }: { type: number; streamId: number }): boolean {
    return streamId > 1_000 && (type === FrameType.Headers || type === FrameType.RstStream);
  }
});
