import type { Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import { readUntil, upgradeRequest, type Access, type ListenerUnderTest } from "./listening.ts";

/** The deadline under test. */
export const DeadlineMs = 200;
/** A byte this often never lets a socket look idle. */
export const DribbleMs = 20;

export type Pace = "silent" | "dribbling";
const Paces: readonly Pace[] = ["silent", "dribbling"];
export const Accesses: readonly Access[] = ["TLS", "cleartext"];
export const EachWay = Accesses.flatMap((access) => Paces.map((pace) => ({ access, pace })));

/** Sends `bytes` one by one; a silent client sends the first `silentAfter` at once and then nothing. */
export function sendSlowly(socket: Socket, bytes: Uint8Array, pace: Pace, silentAfter: number): void {
  let sent = pace === "silent" ? silentAfter : 1;
  socket.write(bytes.subarray(0, sent));
  if (pace === "silent") return;
  const dribble = setInterval(() => {
    if (socket.writable && sent < bytes.length) socket.write(bytes.subarray(sent, ++sent));
  }, DribbleMs);
  const stop = () => clearInterval(dribble);
  socket.once("close", stop);
  onTestFinished(stop);
}

/** How long it takes until the listener has closed its side of everything. */
export async function timeToClose(listening: ListenerUnderTest, fromMs: number): Promise<number> {
  await listening.untilNoConnections();
  return performance.now() - fromMs;
}

/** Collects what the listener says, and ends when it ends, so that nothing lingers. */
export function collect(socket: Socket): () => string {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.once("end", () => socket.end());
  return () => Buffer.concat(chunks).toString("latin1");
}

/** The deadline fired in time: not early, and not later than a machine at work may be. */
export function expectInTime(elapsedMs: number, deadlineMs = DeadlineMs): void {
  expect(elapsedMs).toBeGreaterThanOrEqual(deadlineMs - 5);
  expect(elapsedMs).toBeLessThan(deadlineMs * 1.5 + 300);
}

export async function expectServing(listening: ListenerUnderTest): Promise<void> {
  const nth = listening.openings.length + 1;
  const socket = await listening.connect();
  socket.write(upgradeRequest());
  (await listening.nextOpening(nth)).accept({});
  expect(await readUntil(socket, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
}
