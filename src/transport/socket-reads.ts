import type { OnReadOpts } from "node:net";

/** Room for what one call of the system reads. */
const ReadBytes = 65_536;

/** Memory that any number of cleartext connections read into, one after the other. */
export function createReadBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(ReadBytes);
}

/**
 * What is read from one socket that was connected with its `options`: without a buffer for each read, and past the queue and
 * the events of a Readable. The socket emits no 'data', all else as ever.
 */
export class SocketReads {
  /** Told of each read. The bytes stay as they are during the call only. */
  onRead: (bytes: Uint8Array, length: number) => void = () => undefined;
  readonly options: OnReadOpts;

  /** @param buffer - of {@link createReadBuffer}. */
  constructor(buffer: Uint8Array) {
    this.options = {
      buffer,
      callback: (length, bytes) => {
        this.onRead(bytes, length);
        return true;
      },
    };
  }
}
