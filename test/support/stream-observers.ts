import type { ByteConsumer, ByteStream, StreamEnding } from "../../src/transport/byte-stream.ts";
import type { FarObserver } from "./far-end.ts";

const DeadlineMs = 4_000;

/** Something that happens over time; `until` waits for a state of it, and fails when that does not come. */
export class Observed {
  #onChange: (() => void) | undefined;

  changed(): void {
    this.#onChange?.();
  }

  /** Resolves once `holds` is true after a change, or now; rejects with `what` after 4 s. One waiter at a time. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`never came: ${what}`)), DeadlineMs);
      this.#onChange = () => {
        if (!holds()) return;
        clearTimeout(deadline);
        this.#onChange = undefined;
        resolve();
      };
    });
  }
}

/**
 * A consumer that writes down what it is told, and each breach of the order the contract promises. Of a stream whose bytes
 * are `kept` it holds the very views it was given, so that a transport that writes to them again is found out.
 */
export class NearObserver implements ByteConsumer {
  readonly breaches: string[] = [];
  readonly #stream: ByteStream;
  readonly #observed = new Observed();
  readonly #views: Uint8Array[] = [];
  receivedBytes = 0;
  calls = 0;
  drains = 0;
  ends = 0;
  ending: StreamEnding | undefined;
  /** Set while the test is inside a call on the stream, when nothing may be told. */
  insideCall = false;
  aborted = false;
  /** Done with each piece after it was written down. */
  react: (() => void) | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  onBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#told("onBytes");
    if (this.ends > 0) this.breaches.push("onBytes after onEnd");
    if (end <= start) this.breaches.push("onBytes without a byte");
    this.#views.push(
      this.#stream.lifetime === "kept" ? bytes.subarray(start, end) : Buffer.from(bytes.subarray(start, end)),
    );
    this.receivedBytes += end - start;
    this.react?.();
    this.#observed.changed();
  }

  onDrain(): void {
    this.#told("onDrain");
    this.drains++;
    this.#observed.changed();
  }

  onEnd(): void {
    this.#told("onEnd");
    this.ends++;
    this.#observed.changed();
  }

  onClose(ending: StreamEnding): void {
    this.aborted = false;
    this.#told("onClose");
    this.ending = ending;
    this.#observed.changed();
  }

  get received(): Buffer {
    return Buffer.concat(this.#views);
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return this.#observed.until(`${what} at the near end`, holds);
  }

  #told(what: string): void {
    this.calls++;
    if (this.insideCall) this.breaches.push(`${what} from within a call`);
    if (this.aborted) this.breaches.push(`${what} after abort`);
    if (this.ending !== undefined) this.breaches.push(`${what} after onClose`);
    if (this.ends > 0 && what === "onEnd") this.breaches.push("onEnd twice");
  }
}

/** Writes down what the far end sees. */
export class FarRecorder implements FarObserver {
  readonly #observed = new Observed();
  readonly #chunks: Uint8Array[] = [];
  receivedBytes = 0;
  ends = 0;
  closed: "ended" | "reset" | undefined;

  onBytes(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.receivedBytes += bytes.length;
    this.#observed.changed();
  }

  onEnd(): void {
    this.ends++;
    this.#observed.changed();
  }

  onClose(how: "ended" | "reset"): void {
    this.closed = how;
    this.#observed.changed();
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return this.#observed.until(`${what} at the far end`, holds);
  }
}

/** `stream` as the tests call it: `observer` then knows when it is told something from within a call, or after `abort`. */
export function watchCalls(stream: ByteStream, observer: NearObserver): ByteStream {
  const during = <T>(call: () => T): T => {
    const outer = observer.insideCall;
    observer.insideCall = true;
    try {
      return call();
    } finally {
      observer.insideCall = outer;
    }
  };
  return {
    lifetime: stream.lifetime,
    get bufferedBytes() {
      return stream.bufferedBytes;
    },
    get highWaterBytes() {
      return stream.highWaterBytes;
    },
    set highWaterBytes(bytes) {
      stream.highWaterBytes = bytes;
    },
    start: (consumer) => during(() => stream.start(consumer)),
    write: (bytes, start, end, lifetime) => during(() => stream.write(bytes, start, end, lifetime)),
    pause: () => during(() => stream.pause()),
    resume: () => during(() => stream.resume()),
    end: () => during(() => stream.end()),
    abort: (reason) => {
      during(() => stream.abort(reason));
      observer.aborted = observer.ending === undefined;
    },
  };
}

/** Lets the event loop turn `count` times, so that what is on its way through loopback arrives. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
