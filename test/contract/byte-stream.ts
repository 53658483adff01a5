import { describe, expect, test } from "vitest";
import { fill, KiB, MiB, open, openStarted, pattern, writeAll, type OpenPair } from "../support/stream-driver.ts";
import { turns } from "../support/stream-observers.ts";
import { describeAbort, describeEnds, describeLoss } from "./byte-stream-endings.ts";

/**
 * Runs what `src/transport/byte-stream.ts` promises against one implementation. The pair comes without anything on its way,
 * and its near end is not started.
 */
export function describeByteStream(name: string, openPair: OpenPair): void {
  describe(`${name} keeps the contract of a byte stream`, () => {
    describeBytes(openPair);
    describeFlowControl(openPair);
    describeEnds(openPair);
    describeAbort(openPair);
    describeLoss(openPair);
  });
}

function describeBytes(openPair: OpenPair): void {
  test.each([
    { what: "one byte at a time", pieces: 1_000, pieceBytes: 1 },
    { what: "frame by frame", pieces: 500, pieceBytes: 131 },
    { what: "in pieces beyond any buffer", pieces: 3, pieceBytes: 3 * MiB + 1 },
  ])("carries bytes in order and whole, written $what", async ({ pieces, pieceBytes }) => {
    const { near, far, observer, seen } = await openStarted(openPair);
    const bytes = pattern(pieces * pieceBytes);
    for (let start = 0; start < bytes.length; start += pieceBytes) far.send(bytes.subarray(start, start + pieceBytes));
    far.end();
    await writeAll(near, observer, bytes, pieceBytes);
    near.end();
    await observer.until("the end", () => observer.ends === 1);
    await seen.until("the end", () => seen.ends === 1);
    expect(observer.received.equals(bytes)).toBe(true);
    expect(seen.received.equals(bytes)).toBe(true);
  });

  test("delivers a single byte that is followed by nothing, both ways", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    for (let byte = 0; byte < 20; byte++) {
      far.send(Uint8Array.of(byte));
      await observer.until("the byte", () => observer.receivedBytes === byte + 1);
      near.write(Uint8Array.of(byte), 0, 1, "call");
      await seen.until("the byte", () => seen.receivedBytes === byte + 1);
    }
    expect([...observer.received]).toEqual([...seen.received]);
  });

  test("carries much in both directions at once", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    const bytes = pattern(8 * MiB);
    for (let start = 0; start < bytes.length; start += MiB) far.send(bytes.subarray(start, start + MiB));
    await writeAll(near, observer, bytes, 24 * KiB);
    await observer.until("all bytes", () => observer.receivedBytes === bytes.length);
    await seen.until("all bytes", () => seen.receivedBytes === bytes.length);
    expect(observer.received.equals(bytes)).toBe(true);
    expect(seen.received.equals(bytes)).toBe(true);
  });

  test("writes the range it is given and leaves the bytes as they are", async () => {
    const { near, seen } = await openStarted(openPair);
    const bytes = pattern(100);
    near.write(bytes, 7, 7, "kept");
    near.write(bytes, 10, 20, "kept");
    near.write(bytes, 90, 100, "call");
    await seen.until("20 bytes", () => seen.receivedBytes >= 20);
    expect(seen.received).toEqual(Buffer.concat([bytes.subarray(10, 20), bytes.subarray(90, 100)]));
    expect(bytes).toEqual(pattern(100));
  });

  test.each([
    { kind: "a Uint8Array", scratch: new Uint8Array(1_000) },
    { kind: "a Buffer, whose slice is a view", scratch: Buffer.alloc(1_000) },
  ])("lets the caller reuse $kind written as `call` at once, also while nothing leaves", async ({ scratch }) => {
    const { near, far, seen } = await openStarted(openPair);
    far.stopReading();
    const filled = await fill(near, Buffer.alloc(64 * KiB, 0xee));
    for (let round = 0; round < 50; round++) {
      scratch.set(pattern(1_000, round * 1_000));
      near.write(scratch, 0, 1_000, "call");
      scratch.fill(0);
    }
    far.readOn();
    await seen.until("all bytes", () => seen.receivedBytes === filled + 50_000);
    expect(seen.received.subarray(filled).equals(pattern(50_000))).toBe(true);
  });

  test("delivers first what came before start, then what comes", async () => {
    const { near, far, observer, seen } = await open(openPair);
    far.observe(seen);
    far.send(pattern(5_000));
    await turns();
    near.start(observer);
    far.send(pattern(5_000, 5_000));
    await observer.until("all bytes", () => observer.receivedBytes === 10_000);
    expect(observer.received.equals(pattern(10_000))).toBe(true);
  });
}

function describeFlowControl(openPair: OpenPair): void {
  test("answers `false` to a far end that does not read, and tells onDrain once for it", async () => {
    const { near, far, observer, seen } = await openStarted(openPair);
    far.stopReading();
    const written = await fill(near);
    const drainsBefore = observer.drains;
    far.readOn();
    await seen.until("all bytes", () => seen.receivedBytes === written);
    await observer.until("onDrain", () => observer.drains > drainsBefore);
    await turns();
    expect(observer.drains).toBe(drainsBefore + 1);
    expect(near.bufferedBytes).toBe(0);
    expect(near.write(Uint8Array.of(1), 0, 1, "kept")).toBe(true);
  });

  test("tells onDrain as often as `write` said `false`, and buffers no more than that", async () => {
    const { near, observer, seen } = await openStarted(openPair);
    const bytes = pattern(8 * MiB);
    let mostBuffered = 0;
    let refusals = 0;
    for (let start = 0; start < bytes.length; start += 16 * KiB) {
      const goOn = near.write(bytes, start, start + 16 * KiB, "kept");
      mostBuffered = Math.max(mostBuffered, near.bufferedBytes);
      if (goOn) continue;
      refusals++;
      await observer.until("onDrain", () => observer.drains === refusals);
    }
    await seen.until("all bytes", () => seen.receivedBytes === bytes.length);
    await turns();
    expect(observer.drains).toBe(refusals);
    expect(refusals).toBeGreaterThan(0);
    expect(mostBuffered).toBeLessThanOrEqual(256 * KiB);
  });

  test.each([KiB, 16 * KiB, MiB])("holds its caller back at %i bytes, if that is its mark", async (mark) => {
    const { near, far, observer, seen } = await openStarted(openPair);
    near.highWaterBytes = mark;
    far.stopReading();
    const piece = pattern(8 * KiB);
    let mostBuffered = 0;
    let written = 0;
    for (let refusals = 0; observer.drains === refusals;) {
      const goOn = near.write(piece, 0, piece.length, "kept");
      written += piece.length;
      mostBuffered = Math.max(mostBuffered, near.bufferedBytes);
      if (goOn) continue;
      refusals++;
      await turns(60);
    }
    expect(mostBuffered).toBeGreaterThanOrEqual(mark);
    expect(mostBuffered).toBeLessThan(mark + piece.length);
    const { drains } = observer;
    far.readOn();
    await seen.until("all bytes", () => seen.receivedBytes === written);
    await observer.until("onDrain", () => observer.drains === drains + 1);
    expect(near.highWaterBytes).toBe(mark);
  });

  test("holds the far end back while it is paused, and gives everything after resume", async () => {
    const { near, far, observer } = await openStarted(openPair);
    const piece = pattern(MiB);
    far.send(piece.subarray(0, 1));
    await observer.until("the first byte", () => observer.receivedBytes === 1);
    near.pause();
    await turns();
    const before = observer.receivedBytes;
    far.send(piece.subarray(1));
    for (let sent = 1; sent < 24; sent++) far.send(piece);
    await turns(200);
    expect(observer.receivedBytes).toBe(before);
    expect(far.unsentBytes).toBeGreaterThan(0);
    near.resume();
    await observer.until("all bytes", () => observer.receivedBytes === 24 * MiB);
    const { received } = observer;
    for (let at = 0; at < 24; at++) expect(received.subarray(at * MiB, (at + 1) * MiB).equals(piece)).toBe(true);
  });

  test("can be paused at each piece", async () => {
    const { near, far, observer } = await openStarted(openPair);
    const bytes = pattern(2 * MiB);
    let insidePause = false;
    observer.react = () => {
      if (insidePause) observer.breaches.push("onBytes while paused");
      insidePause = true;
      near.pause();
      setImmediate(() => {
        insidePause = false;
        near.resume();
      });
    };
    far.send(bytes);
    far.end();
    await observer.until("the end", () => observer.ends === 1);
    expect(observer.received.equals(bytes)).toBe(true);
  });

  test("keeps the end behind the bytes and both behind a pause", async () => {
    const { near, far, observer } = await openStarted(openPair);
    near.pause();
    far.send(pattern(5_000));
    far.end();
    await turns();
    const { receivedBytes, ends } = observer;
    expect({ receivedBytes, ends }).toEqual({ receivedBytes: 0, ends: 0 });
    near.resume();
    await observer.until("the end", () => observer.ends === 1);
    expect(observer.received.equals(pattern(5_000))).toBe(true);
  });

  test("loses nothing when it is paused and resumed before start", async () => {
    const { near, far, observer, seen } = await open(openPair);
    far.observe(seen);
    near.pause();
    near.resume();
    far.send(pattern(10));
    await turns();
    near.start(observer);
    await observer.until("the bytes", () => observer.receivedBytes === 10);
    expect(observer.received).toEqual(pattern(10));
  });

  test("stays paused when it is paused before start", async () => {
    const { near, far, observer, seen } = await open(openPair);
    far.observe(seen);
    near.pause();
    near.start(observer);
    far.send(pattern(10));
    await turns();
    expect(observer.receivedBytes).toBe(0);
    near.resume();
    await observer.until("the bytes", () => observer.receivedBytes === 10);
  });

  test("writes on while it is paused", async () => {
    const { near, far, seen } = await openStarted(openPair);
    near.pause();
    far.send(pattern(100));
    near.write(pattern(5_000), 0, 5_000, "kept");
    await seen.until("all bytes", () => seen.receivedBytes === 5_000);
    expect(seen.received.equals(pattern(5_000))).toBe(true);
  });
}
