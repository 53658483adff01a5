import { expect, test } from "vitest";
import type { AbortReason } from "../../src/transport/byte-stream.ts";
import { fill, MiB, open, openStarted, pattern, type OpenPair } from "../support/stream-driver.ts";
import { turns } from "../support/stream-observers.ts";

export function describeEnds(openPair: OpenPair): void {
  test("leaves our half open when the peer ends its own", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    far.send(pattern(10));
    far.end();
    await observer.until("the end", () => observer.ends === 1);
    await turns();
    expect(observer.ending).toBeUndefined();
    near.write(pattern(100_000), 0, 100_000, "kept");
    await seen.until("the answer", () => seen.receivedBytes === 100_000);
    near.end();
    await observer.until("onClose", () => observer.ending !== undefined);
    await seen.until("close", () => seen.closed !== undefined);
    expect(observer.ending).toEqual({ type: "ended" });
    expect(seen.closed).toBe("ended");
  });

  test("leaves the peer's half open when it ends our own", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    near.end();
    await seen.until("the end", () => seen.ends === 1);
    expect(observer.ending).toBeUndefined();
    far.send(pattern(100_000));
    await observer.until("the bytes", () => observer.receivedBytes === 100_000);
    far.end();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect({ ends: observer.ends, ending: observer.ending }).toEqual({ ends: 1, ending: { type: "ended" } });
  });

  test("sends what was written before the end, however slowly it is read, and asks for no more", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    far.stopReading();
    const filled = await fill(near);
    near.write(pattern(1_000), 0, 1_000, "kept");
    near.end();
    const { drains } = observer;
    await turns();
    expect(seen.ends).toBe(0);
    far.readOn();
    await seen.until("the end", () => seen.ends === 1);
    expect(seen.receivedBytes).toBe(filled + 1_000);
    expect(observer.drains).toBe(drains);
  });

  test("ends once, and takes nothing behind it", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    near.write(pattern(10), 0, 10, "kept");
    near.end();
    near.end();
    expect(near.write(pattern(10), 0, 10, "kept")).toBe(true);
    await seen.until("the end", () => seen.ends === 1);
    near.end();
    expect(near.write(pattern(10), 0, 10, "call")).toBe(true);
    far.end();
    await observer.until("onClose", () => observer.ending !== undefined);
    near.end();
    expect(near.write(pattern(10), 0, 10, "kept")).toBe(true);
    near.abort("cancel");
    near.pause();
    near.resume();
    await turns();
    expect(observer.ending).toEqual({ type: "ended" });
    expect(seen.received).toEqual(pattern(10));
  });

  test("tells a consumer that starts late of all that happened", async () => {
    const { near, far, observer, seen } = await open(openPair);
    far.observe(seen);
    far.send(pattern(10));
    far.end();
    near.end();
    await seen.until("the end", () => seen.ends === 1);
    near.start(observer);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.received).toEqual(pattern(10));
    expect({ ends: observer.ends, ending: observer.ending }).toEqual({ ends: 1, ending: { type: "ended" } });
  });
}

const AbortReasons: AbortReason[] = ["cancel", "protocol-error", "internal-error", "connect-error", "no-error"];

export function describeAbort(openPair: OpenPair): void {
  test.each(AbortReasons)("tells once that it was aborted: %s", async (reason) => {
    const { near, far, observer, seen } = await openStarted(openPair);
    far.send(pattern(10));
    await observer.until("bytes", () => observer.receivedBytes === 10);
    near.abort(reason);
    near.abort("internal-error");
    near.end();
    near.pause();
    near.resume();
    expect(near.write(pattern(10), 0, 10, "kept")).toBe(true);
    await observer.until("onClose", () => observer.ending !== undefined);
    await seen.until("close", () => seen.closed !== undefined);
    expect(observer.ending).toEqual({ type: "aborted", reason });
    expect(seen.receivedBytes).toBe(0);
  });

  test("drops its queue when aborted, and the far end sees a reset", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    far.stopReading();
    const written = (await fill(near)) + 4 * MiB;
    const { drains } = observer;
    near.write(pattern(4 * MiB), 0, 4 * MiB, "kept");
    near.abort("cancel");
    expect(near.bufferedBytes).toBe(0);
    far.readOn();
    await observer.until("onClose", () => observer.ending !== undefined);
    await seen.until("close", () => seen.closed !== undefined);
    expect(seen.closed).toBe("reset");
    expect(seen.receivedBytes).toBeLessThan(written);
    expect(observer.drains).toBe(drains);
  });

  test.each([
    { amid: "amid the bytes", bytes: 4 * MiB },
    { amid: "with the end right behind", bytes: 10 },
  ])("hears nothing more when it aborts $amid", async ({ bytes }) => {
    const { near, far, observer } = await openStarted(openPair);
    near.pause();
    observer.react = () => near.abort("protocol-error");
    far.send(pattern(bytes));
    far.end();
    await turns();
    near.resume();
    await observer.until("onClose", () => observer.ending !== undefined);
    await turns();
    expect(observer.ending).toEqual({ type: "aborted", reason: "protocol-error" });
    expect(observer.calls).toBe(2);
  });

  test.each([
    { when: "before it is started", wait: 0 },
    { when: "and is long closed before it is started", wait: 50 },
  ])("can be aborted $when", async ({ wait }) => {
    const { near, far, observer, seen } = await open(openPair);
    far.observe(seen);
    near.abort("cancel");
    await turns(wait);
    near.start(observer);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "aborted", reason: "cancel" });
    expect(observer.calls).toBe(1);
  });
}

export function describeLoss(openPair: OpenPair): void {
  test("tells a reset of the peer once, and is then harmless", async () => {
    const { near, far, observer } = await openStarted(openPair);
    near.write(pattern(10), 0, 10, "kept");
    far.reset();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: far.resetCode });
    expect(near.write(pattern(10), 0, 10, "kept")).toBe(true);
    near.abort("cancel");
    near.end();
    near.pause();
    near.resume();
    await turns();
    expect(observer.ending).toEqual({ type: "reset", code: far.resetCode });
  });

  test("drops its queue when the peer resets", async () => {
    const { near, far, observer } = await openStarted(openPair);
    far.stopReading();
    await fill(near);
    const { drains } = observer;
    far.reset();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: far.resetCode });
    expect(near.bufferedBytes).toBe(0);
    expect(observer.drains).toBe(drains);
  });

  test("tells a reset that came in a pause, when resumed at the latest", async () => {
    const { near, far, observer } = await openStarted(openPair);
    near.pause();
    far.send(pattern(10));
    far.reset();
    await turns();
    near.resume();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: far.resetCode });
    expect(observer.ends).toBe(0);
  });

  test("tells a reset that came before start", async () => {
    const { near, far, observer } = await open(openPair);
    far.reset();
    await turns();
    near.start(observer);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "reset", code: far.resetCode });
  });

  test("tells a connection that went away beneath it", async () => {
    const { near, observer, loseConnection } = await openStarted(openPair);
    near.write(pattern(10), 0, 10, "kept");
    loseConnection();
    await observer.until("onClose", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "connection-lost" });
    expect(near.bufferedBytes).toBe(0);
  });
}
