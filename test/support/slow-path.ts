import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a path does to each direction of a connection. */
export interface SlowPathOptions {
  readonly bytesPerMs: number;
  /** How long a byte is on its way. */
  readonly delayMs: number;
}

/** What the queue in front of the path takes; who sends more has to wait. */
const QueueBytes = 1_048_576;
/** A packet. */
const PieceBytes = 1_460;

interface Piece {
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** Carries what `from` gives to `to`, at the rate of the path and as late as it is long. */
function carry(from: Socket, to: Socket, { bytesPerMs, delayMs }: SlowPathOptions): void {
  const pieces: Piece[] = [];
  let waitingBytes = 0;
  let freeAtMs = 0;
  let isEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const deliver = (): void => {
    timer = undefined;
    const nowMs = performance.now();
    while (pieces.length > 0 && pieces[0]!.atMs <= nowMs) {
      const { bytes } = pieces.shift()!;
      waitingBytes -= bytes.length;
      to.write(bytes);
    }
    if (waitingBytes < QueueBytes) from.resume();
    if (pieces.length > 0) timer = setTimeout(deliver, Math.max(1, pieces[0]!.atMs - nowMs));
    else if (isEnded) to.end();
  };
  from.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PieceBytes) {
      const bytes = chunk.subarray(at, at + PieceBytes);
      freeAtMs = Math.max(freeAtMs, performance.now()) + bytes.length / bytesPerMs;
      pieces.push({ bytes, atMs: freeAtMs + delayMs });
      waitingBytes += bytes.length;
    }
    if (waitingBytes >= QueueBytes) from.pause();
    timer ??= setTimeout(deliver, delayMs);
  });
  from.once("end", () => {
    isEnded = true;
    timer ??= setTimeout(deliver, 1);
  });
  from.once("close", () => {
    clearTimeout(timer);
    to.destroy();
  });
}

/** A port of 127.0.0.1 from which connections lead over a slow path. */
export interface SlowPath {
  readonly port: number;
  /** Cuts the connections. */
  close(): void;
}

/** Starts a slow path that leads to `port`; whoever calls closes it. */
export async function startSlowPath(port: number, options: SlowPathOptions): Promise<SlowPath> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) socket.on("error", () => undefined);
    sockets.push(near, far);
    carry(near, far, options);
    carry(far, near, options);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
