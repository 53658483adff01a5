/** What a drain asks of a listener. */
export interface DrainedListener {
  stopAccepting(): void;
  refuseNew(): void;
  goAway(): void;
  destroy(): Promise<void>;
  /** Resolves when no connection is left, or with `signal`. */
  idle(signal: AbortSignal): Promise<void>;
}

/** What a drain asks of the streams. */
export interface DrainedStreams {
  /** Tells each of them to close, one after the other. */
  close(): void;
  abort(): void;
  /** Resolves when no stream is left, or with `signal`. */
  empty(signal: AbortSignal): Promise<void>;
}

/** How long a drain may take, in milliseconds. `cut` ends every wait at once. */
export interface DrainOptions {
  readonly drainMs: number;
  readonly farewellMs: number;
  readonly cut: AbortSignal;
}

/**
 * Empties listeners: no new connections or streams, a Close on each stream, and when the last one is gone or `drainMs` has
 * passed, GOAWAY; `farewellMs` later whatever connection is left is cut. The order matters: browsers drop the WebSockets of
 * a connection on its GOAWAY.
 */
export async function drain(
  listeners: readonly DrainedListener[],
  streams: DrainedStreams,
  { drainMs, farewellMs, cut }: DrainOptions,
): Promise<void> {
  for (const listener of listeners) {
    listener.stopAccepting();
    listener.refuseNew();
  }
  streams.close();
  await streams.empty(AbortSignal.any([cut, AbortSignal.timeout(drainMs)]));
  streams.abort();
  for (const listener of listeners) listener.goAway();
  const farewell = AbortSignal.any([cut, AbortSignal.timeout(farewellMs)]);
  await Promise.all(listeners.map((listener) => listener.idle(farewell)));
  await Promise.all(listeners.map((listener) => listener.destroy()));
}
