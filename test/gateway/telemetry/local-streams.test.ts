import { expect, test, vi } from "vitest";
import { LocalStreams } from "../../../src/gateway/telemetry/local-streams.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";

test("who ends looking on twice does not take the end from who has begun since", async () => {
  const streams = new StreamRegistry();
  const local = new LocalStreams({ streams, worker: 0 });
  const facts = { route: "r", upstream: "u", protocol: "h1", connectionId: 1, streamId: 0 } as const;
  const record = streams.open(facts);
  local.seen.add({
    ...{
      record,
      listener: "main",
      client: "127.0.0.1",
      subprotocol: undefined,
      extensions: undefined,
      tail: undefined,
    },
    moment: { state: "open", bufferedToUpstream: 0, bufferedToClient: 0, sendWindow: null },
    watch: () => undefined,
    closeAs: () => undefined,
  });
  const onEnd = vi.fn<() => void>();
  const end = await local.frames(record.id, { preview: false }, () => undefined, vi.fn<() => void>());
  end?.();
  await local.frames(record.id, { preview: false }, () => undefined, onEnd);
  end?.();
  record.close({ initiator: "client", code: 1000, cause: "close-frame" });
  expect(onEnd).toHaveBeenCalledTimes(1);
});
