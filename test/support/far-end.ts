import type { Duplex } from "node:stream";
import type { ByteStream } from "../../src/transport/byte-stream.ts";

/** What the far end of a stream under test sees. */
export interface FarObserver {
  /** `bytes` are not written to again. */
  onBytes(bytes: Uint8Array): void;
  /** The near end ended its half. */
  onEnd(): void;
  /** `ended`: after both halves ended in order. `reset`: in any other way. */
  onClose(how: "ended" | "reset"): void;
}

/** The other end of a stream under test, driven without the code under test, as a peer elsewhere would be. */
export interface FarEnd {
  /** The code of {@link ByteStream}'s ending that `reset` must produce at the near end. */
  readonly resetCode: number | undefined;
  /** Bytes given to `send` that could not leave yet, because the near end holds them back. */
  readonly unsentBytes: number;
  /** Begins to read, and tells `observer` what comes. Called once. */
  observe(observer: FarObserver): void;
  send(bytes: Uint8Array): void;
  end(): void;
  /** Gives everything up at once: TCP RST, RST_STREAM. */
  reset(): void;
  stopReading(): void;
  readOn(): void;
}

/** How a transport resets, and how its end of a node stream looks when the near end did. */
export interface ResetOfDuplex {
  readonly reset: () => void;
  readonly resetCode: number | undefined;
  /** Asked at 'close'; an 'error', or a close before the near end's half was over, is a reset in any case. */
  readonly wasReset?: () => boolean;
}

/** The far end that is `duplex`: a TCP or TLS socket, or an HTTP/2 stream. It must be half-open by itself. */
export function farEndOf(duplex: Duplex, { reset, resetCode, wasReset }: ResetOfDuplex): FarEnd {
  let failed = false;
  duplex.on("error", () => {
    failed = true;
  });
  return {
    resetCode,
    get unsentBytes() {
      return duplex.writableLength;
    },
    observe(observer) {
      duplex.on("data", (chunk: Buffer) => observer.onBytes(chunk));
      duplex.on("end", () => observer.onEnd());
      duplex.once("close", () => {
        const isReset = failed || !duplex.readableEnded || wasReset?.() === true;
        observer.onClose(isReset ? "reset" : "ended");
      });
    },
    send: (bytes) => void duplex.write(bytes),
    end: () => void duplex.end(),
    reset,
    stopReading: () => void duplex.pause(),
    readOn: () => void duplex.resume(),
  };
}

/** The far end that is itself a byte stream, for pairs without a network. */
export function farEndOfStream(stream: ByteStream, resetCode: number | undefined): FarEnd {
  return {
    resetCode,
    get unsentBytes() {
      return stream.bufferedBytes;
    },
    observe(observer) {
      stream.start({
        onBytes: (bytes, start, end) => observer.onBytes(Buffer.from(bytes.subarray(start, end))),
        onDrain: () => undefined,
        onEnd: () => observer.onEnd(),
        onClose: (ending) => observer.onClose(ending.type === "ended" ? "ended" : "reset"),
      });
    },
    send: (bytes) => void stream.write(bytes, 0, bytes.length, "kept"),
    end: () => stream.end(),
    reset: () => stream.abort("cancel"),
    stopReading: () => stream.pause(),
    readOn: () => stream.resume(),
  };
}
