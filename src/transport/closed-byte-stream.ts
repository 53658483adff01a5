import type { ByteConsumer, ByteStream } from "./byte-stream.ts";

/** The stream of an opening whose client had left before it was accepted: closed from the beginning. */
export class ClosedByteStream implements ByteStream {
  readonly lifetime = "kept";
  readonly bufferedBytes = 0;
  highWaterBytes = 0;

  start(consumer: ByteConsumer): void {
    process.nextTick(() => consumer.onClose({ type: "connection-lost" }));
  }

  write(): boolean {
    return true;
  }

  pause(): void {}

  resume(): void {}

  end(): void {}

  abort(): void {}
}
