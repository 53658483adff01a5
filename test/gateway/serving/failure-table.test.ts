import { afterEach, beforeEach, vi } from "vitest";
import { createMemoryPair } from "../../../src/transport/memory-byte-stream.ts";
import { describeRelayFailures, type RelayLegs } from "../../contract/relay-failures.ts";
import { memoryPeerOf } from "../../support/memory-peer.ts";

beforeEach(() => void vi.useFakeTimers());

afterEach(() => void vi.useRealTimers());

async function openMemoryLegs(chunkBytes: number): Promise<RelayLegs> {
  const client = createMemoryPair({ highWaterBytes: 64, chunkBytes });
  const upstream = createMemoryPair({ highWaterBytes: 64, chunkBytes });
  return {
    client: client.near,
    upstream: upstream.near,
    clientPeer: memoryPeerOf(client.far),
    upstreamPeer: memoryPeerOf(upstream.far),
    close: async () => undefined,
  };
}

const traits = {
  closeMs: 5_000,
  stallMs: 60_000,
  advance: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  timersLeft: () => vi.getTimerCount(),
  settled: () => vi.advanceTimersByTimeAsync(0),
  forms: { client: (line: string) => [line], upstream: (line: string) => [line] },
  pipeBytes: 1_000,
  has: ["client-loss", "upstream-loss"],
} as const;

describeRelayFailures("memory", () => openMemoryLegs(65_536), { ...traits, has: [...traits.has, "whole-chunks"] });
describeRelayFailures("memory, byte by byte", () => openMemoryLegs(1), traits);
