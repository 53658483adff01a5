import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames } from "../../../src/transport/h2-acceptor.ts";
import { connectFields, Flag, FrameType, headerBlock, rawFrame } from "../../support/raw-h2.ts";
import { NextStream, openScene, Subject } from "./scene.ts";
import { bringTo, type StreamState } from "./stream-state.ts";

/** The one literal of `name` and `value`, added to the dynamic table (RFC 7541 §6.2.1). */
function indexed(name: string, value: string): Buffer {
  const literal = headerBlock([[name, value]]);
  literal[0] = 0x40;
  return literal;
}

/** Index 62, the newest entry of the dynamic table (§6.1). */
const NewestEntry = Buffer.from([0x80 | 62]);

describe.each(H2EngineNames)("a header block that the engine %s does not want (§4.3, §5.1)", (engine) => {
  test.each<{ state: StreamState }>([{ state: "open" }, { state: "closed by the server's reset" }])(
    "is read for the sake of the next one, on a stream that is $state",
    async ({ state }) => {
      const scene = await openScene(engine);
      onTestFinished(() => scene.close());
      await bringTo(state, scene);
      const unwanted = indexed("sec-websocket-protocol", "from-the-table");
      const opening = Buffer.concat([headerBlock(connectFields()), NewestEntry]);
      scene.client.send(
        rawFrame(FrameType.Headers, Flag.EndHeaders | Flag.EndStream, Subject, unwanted),
        rawFrame(FrameType.Headers, Flag.EndHeaders, NextStream, opening),
      );
      expect(await scene.client.status(NextStream)).toBe(200);
      // The subject's, its neighbour's and the far one's came before.
      expect(scene.listening.openings.map(({ request }) => request.subprotocols)).toEqual([
        ...[[], [], []],
        ["from-the-table"],
      ]);
      await scene.neighbour.roundTrip();
    },
  );
});
