import { vi } from "vitest";
import { Relay, type RelayEnding, type RelayLimit, type RelayOptions } from "../../src/gateway/serving/relay.ts";
import { Traffic } from "../../src/protocol/frame/traffic.ts";
import type { StreamEnding } from "../../src/transport/byte-stream.ts";
import { DeadlineList } from "../../src/transport/deadline-list.ts";
import { createMemoryPair, type MemoryPairOptions } from "../../src/transport/memory-byte-stream.ts";
import { joined } from "./bits.ts";
import { NoLimits } from "./pipe-bench.ts";

export const CloseMs = 5_000;
export const StallMs = 60_000;

/** What a relay without limits is given. */
export const Unlimited = {
  allowedRsv: 0,
  limits: NoLimits,
  maxBufferedBytes: 65_536,
  stallMs: StallMs,
  onLimit: () => undefined,
};

/** One end of the network: sends what it is told to, keeps what it gets. */
export function openLeg(options: MemoryPairOptions) {
  const { near, far } = createMemoryPair(options);
  const chunks: Uint8Array[] = [];
  const seen = { ended: false, ending: undefined as StreamEnding | undefined };
  far.start({
    onBytes: (bytes, start, end) => void chunks.push(bytes.slice(start, end)),
    onDrain: () => undefined,
    onEnd: () => void (seen.ended = true),
    onClose: (ending) => void (seen.ending = ending),
  });
  return { near, far, seen, received: () => joined(chunks) };
}

/** A relay that has started, between two such ends. */
export function openRelay(
  options: MemoryPairOptions &
    Partial<Pick<RelayOptions, "allowedRsv" | "limits">> & { readonly lingerMs?: number | undefined } = {},
) {
  const client = openLeg(options);
  const upstream = openLeg(options);
  const toUpstream = new Traffic();
  const toClient = new Traffic();
  const endings: RelayEnding[] = [];
  const limitsHit: RelayLimit[] = [];
  const relay = new Relay(client.near, upstream.near, {
    ...Unlimited,
    allowedRsv: options.allowedRsv ?? 0,
    limits: options.limits ?? NoLimits,
    maxBufferedBytes: options.highWaterBytes ?? Unlimited.maxBufferedBytes,
    closing: new DeadlineList(CloseMs),
    lingering: options.lingerMs === undefined ? undefined : new DeadlineList(options.lingerMs),
    toUpstream,
    toClient,
    onLimit: (limit) => void limitsHit.push(limit),
    onEnded: (ending) => void endings.push(ending),
  });
  relay.start();
  return { relay, client, upstream, toUpstream, toClient, endings, limitsHit };
}

/** Sends `wires` and lets everything happen that needs no clock. */
export function send({ far }: ReturnType<typeof openLeg>, ...wires: readonly Uint8Array[]): Promise<unknown> {
  for (const wire of wires) far.write(wire, 0, wire.length, "kept");
  return settled();
}

export const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
