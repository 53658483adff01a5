/**
 * How long the bytes of a view stay as they are. `call`: the owner reuses them when the call returns, who needs them
 * longer copies them. `kept`: nobody will write to them again, they may be held and queued without a copy.
 */
export type BytesLifetime = "call" | "kept";

/**
 * Why this side gives a stream up. On HTTP/2 it is the code of RST_STREAM (RFC 9113 §7): `cancel` CANCEL,
 * `protocol-error` PROTOCOL_ERROR, `internal-error` INTERNAL_ERROR, `connect-error` CONNECT_ERROR (the connection behind
 * this stream died, §8.5), `no-error` NO_ERROR (all was said, the peer does not end its half). On HTTP/1.1 each is a TCP
 * reset.
 */
export type AbortReason = "cancel" | "protocol-error" | "internal-error" | "connect-error" | "no-error";

/** How a stream came to its end, told once by {@link ByteConsumer.onClose}. */
export type StreamEnding =
  /** Both halves ended in order: FIN both ways, or END_STREAM both ways. */
  | { readonly type: "ended" }
  /** This side called `abort`. */
  | { readonly type: "aborted"; readonly reason: AbortReason }
  /** The peer reset it: RST_STREAM with `code` (RFC 9113 §7), or a TCP reset (`code` is then `undefined`). */
  | { readonly type: "reset"; readonly code: number | undefined }
  /** The connection beneath went away: lost, timed out, or ended by a GOAWAY with an error. */
  | { readonly type: "connection-lost" };

/**
 * What the consumer of a {@link ByteStream} is told, never from within a call it makes on that stream. After `abort` only
 * `onClose` comes, after `onClose` nothing. Must not throw: it is called from events of the transport.
 */
export interface ByteConsumer {
  /** The next bytes are `bytes[start, end)`. They stay untouched for as long as the stream's `lifetime` says. */
  onBytes(bytes: Uint8Array, start: number, end: number): void;
  /** `write` returned `false` before, and the stream takes more now. */
  onDrain(): void;
  /** The peer ended its half (FIN or END_STREAM); all its bytes have been handed over. Our half is still open. */
  onEnd(): void;
  /** Both halves are over and nothing more can be written. Told exactly once, also after `abort`. */
  onClose(ending: StreamEnding): void;
}

/**
 * One WebSocket's bytes, over HTTP/1.1 or HTTP/2, from a client or to an upstream, seen the same way: the hot seam, hence
 * pushed and without an object per read. One contract suite (`test/contract/byte-stream.ts`) runs on each implementation.
 */
export interface ByteStream {
  /** How long bytes given to `onBytes` stay untouched. */
  readonly lifetime: BytesLifetime;
  /** Bytes taken by `write` that the transport has not taken from us yet. */
  readonly bufferedBytes: number;
  /** Bytes that the peer takes before it grants more; `undefined` where it grants none, or the transport cannot tell. */
  readonly sendWindow?: number | undefined;
  /** From how many buffered bytes on `write` returns `false`; 64 KiB until somebody sets it. */
  highWaterBytes: number;

  /**
   * Begins the flow; called once, also on a stream that is closed already. Bytes that arrived with or before the answer to
   * the opening come first.
   */
  start(consumer: ByteConsumer): void;
  /**
   * Queues `bytes[start, end)`. Bytes whose `lifetime` is `call` are sent or copied before it returns. Never refuses;
   * returns `false` when the caller should stop until `onDrain`. After `end`, `abort` or close it does nothing and
   * returns `true`.
   */
  write(bytes: Uint8Array, start: number, end: number, lifetime: BytesLifetime): boolean;
  /** Stops `onBytes` and `onEnd`; at most what is already on its way up still arrives. The peer is held by flow control. */
  pause(): void;
  resume(): void;
  /** Ends our half behind what was written: FIN or END_STREAM. The peer's half stays open. Harmless when repeated. */
  end(): void;
  /** Gives both halves up at once; what is queued is dropped. Harmless after close. */
  abort(reason: AbortReason): void;
}
