import type { MemoryByteStream } from "../../src/transport/memory-byte-stream.ts";
import type { RelayPeer } from "./relay-endpoint.ts";

const ResetNames: Record<number, string> = { 0: "NO_ERROR", 8: "CANCEL", 10: "CONNECT_ERROR" };

/** The far end of a pair in memory, which sees the reset codes of HTTP/2. */
export function memoryPeerOf(stream: MemoryByteStream): RelayPeer {
  let resetSeen = "reset";
  return {
    far: {
      resetCode: 8,
      get unsentBytes() {
        return stream.bufferedBytes;
      },
      observe: (observer) =>
        stream.start({
          onBytes: (bytes, start, end) => observer.onBytes(bytes.slice(start, end)),
          onDrain: () => undefined,
          onEnd: () => observer.onEnd(),
          onClose: (ending) => {
            if (ending.type === "reset") resetSeen = `reset ${ResetNames[ending.code ?? -1]}`;
            observer.onClose(ending.type === "ended" ? "ended" : "reset");
          },
        }),
      send: (bytes) => void stream.write(bytes, 0, bytes.length, "kept"),
      end: () => stream.end(),
      reset: () => stream.abort("cancel"),
      stopReading: () => stream.pause(),
      readOn: () => stream.resume(),
    },
    resetSeen: () => resetSeen,
    loseConnection: () => stream.loseConnection(),
  };
}
