import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hex } from "../../support/bits.ts";
import { CloseMs, openRelay, send, settled } from "../../support/relay-bench.ts";

const LingerMs = 1_000;
const ClientClose = hex("88 82 00000000 03e8");
const ServerClose = hex("88 02 03e8");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A relay behind both Closes, whose upstream has ended and whose client has not. */
async function closedRelay(options: Parameters<typeof openRelay>[0]) {
  const bench = openRelay(options);
  await send(bench.client, ClientClose);
  await send(bench.upstream, ServerClose);
  bench.upstream.far.end();
  await settled();
  expect(bench.client.seen).toEqual({ ended: true, ending: undefined });
  return bench;
}

test("a client that does not end its half behind both Closes is reset with NO_ERROR after lingerMs", async () => {
  const { client, endings } = await closedRelay({ lingerMs: LingerMs });
  await vi.advanceTimersByTimeAsync(LingerMs - 1);
  expect(client.seen.ending).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(client.seen.ending).toEqual({ type: "reset", code: 0 });
  expect(endings).toEqual([{ initiator: "client", code: 1000, cause: "close-frame" }]);
  expect(vi.getTimerCount()).toBe(0);
});

test("one that ends it in time is not", async () => {
  const { client, endings } = await closedRelay({ lingerMs: LingerMs });
  client.far.end();
  await settled();
  expect(client.seen.ending).toEqual({ type: "ended" });
  expect(endings).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("one that has not read everything yet is given until the deadlines of the closing handshake", async () => {
  const bench = openRelay({ lingerMs: LingerMs, highWaterBytes: 1_000, chunkBytes: 100 });
  bench.client.far.pause();
  await send(bench.upstream, hex("82 7e 03e8"), new Uint8Array(1_000));
  await send(bench.upstream, ServerClose);
  await send(bench.client, ClientClose);
  bench.upstream.far.end();
  await vi.advanceTimersByTimeAsync(LingerMs);
  expect(bench.client.near.bufferedBytes).toBeGreaterThan(0);
  expect(bench.client.seen.ending).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2 * CloseMs);
  expect(bench.client.seen.ending?.type).toBe("reset");
  expect(vi.getTimerCount()).toBe(0);
});

test("without lingerMs the deadlines of the closing handshake hold", async () => {
  const { client } = await closedRelay({});
  await vi.advanceTimersByTimeAsync(2 * CloseMs - 1);
  expect(client.seen.ending).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(client.seen.ending).toEqual({ type: "reset", code: 0 });
});
