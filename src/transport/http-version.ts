import type { Socket } from "node:net";
import { tryDetectHttpVersion } from "./preface.ts";

/** What a cleartext client speaks, or why that will not be known. */
export type HttpVersionOrFailure = "1.1" | "2" | "deadline" | "client-left";

/**
 * Reads the first bytes of a cleartext `socket` until they tell the HTTP version, puts them back and tells `onKnown`, once.
 * Nobody reads the socket then; its error handler is the caller's affair.
 */
export function detectHttpVersion(
  socket: Socket,
  timeoutMs: number,
  onKnown: (version: HttpVersionOrFailure) => void,
): void {
  let read = Buffer.alloc(0);
  const finish = (version: HttpVersionOrFailure): void => {
    clearTimeout(deadline);
    socket.off("readable", onReadable);
    socket.off("end", onGone);
    socket.off("close", onGone);
    onKnown(version);
  };
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    read = Buffer.concat([read, chunk]);
    const version = tryDetectHttpVersion(read);
    if (version === undefined) return;
    socket.unshift(read);
    finish(version);
  };
  const onGone = (): void => finish("client-left");
  const deadline = setTimeout(() => finish("deadline"), timeoutMs);
  socket.on("readable", onReadable);
  socket.once("end", onGone);
  socket.once("close", onGone);
}
