import { describe, expect, onTestFinished, test } from "vitest";
import { Relay } from "../../../src/gateway/serving/relay.ts";
import { binaryFrame } from "../../../src/protocol/frame/frame.ts";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { Traffic } from "../../../src/protocol/frame/traffic.ts";
import { DeadlineList } from "../../../src/transport/deadline-list.ts";
import { CloseMs, Unlimited } from "../../support/relay-bench.ts";
import { turns } from "../../support/stream-observers.ts";
import { openWireLegs } from "../../support/wire-legs.ts";

const KiB = 1_024;
const MiB = 1_024 * KiB;
/** More than all buffers of the system on the way. */
const SentBytes = 32 * MiB;
/** The most that node reads at once. */
const ReadBytes = 64 * KiB;

/** A relay whose peers do not read. */
async function openRelay(version: "h1" | "h2", maxBufferedBytes: number) {
  const legs = await openWireLegs("cleartext", version);
  onTestFinished(() => legs.close());
  legs.clientPeer.far.stopReading();
  const relay = new Relay(legs.client, legs.upstream, {
    ...Unlimited,
    closing: new DeadlineList(CloseMs),
    maxBufferedBytes,
    toUpstream: new Traffic(),
    toClient: new Traffic(),
    onEnded: () => undefined,
  });
  relay.start();
  onTestFinished(() => relay.abort());
  return legs;
}

describe.each(["h1", "h2"] as const)("a client over %s", (version) => {
  test.each([KiB, 64 * KiB, MiB])("that reads nothing: %i bytes wait for it, and a read on top", async (mark) => {
    const { client, upstreamPeer } = await openRelay(version, mark);
    upstreamPeer.far.send(encodeFrame(binaryFrame(new Uint8Array(SentBytes))));
    const most = await mostBuffered(client, upstreamPeer.far);
    expect(most).toBeGreaterThanOrEqual(mark);
    expect(most).toBeLessThan(mark + ReadBytes);
    expect(upstreamPeer.far.unsentBytes).toBeGreaterThan(0);
  });

  test.each([KiB, 64 * KiB, MiB])("that sends to an upstream which reads nothing: %i bytes wait", async (mark) => {
    const { upstream, clientPeer } = await openRelay(version, mark);
    // What it hears is how its HTTP/2 window grows.
    clientPeer.far.observe({ onBytes: () => undefined, onEnd: () => undefined, onClose: () => undefined });
    const maskKey = new Uint8Array(4);
    clientPeer.far.send(encodeFrame(binaryFrame(new Uint8Array(SentBytes)), { maskKey }));
    const most = await mostBuffered(upstream, clientPeer.far);
    expect(most).toBeGreaterThanOrEqual(mark);
    expect(most).toBeLessThan(mark + ReadBytes);
    expect(clientPeer.far.unsentBytes).toBeGreaterThan(0);
  });
});

/** The most bytes that waited in `stream` until nothing moved any more. */
async function mostBuffered(
  stream: { readonly bufferedBytes: number },
  sender: { readonly unsentBytes: number },
): Promise<number> {
  let most = 0;
  let before = "";
  for (let quiet = 0; quiet < 200;) {
    await turns(1);
    most = Math.max(most, stream.bufferedBytes);
    const now = `${stream.bufferedBytes} ${sender.unsentBytes}`;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
  return most;
}
