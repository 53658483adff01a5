/** One WebSocket as a load sees it. Its connection calls, and asks for more to send behind each call. */
export interface LoadSocket {
  /** Octets of the message under way that have not been sent; 0: there is nothing to send. */
  readonly unsentBytes: number;
  onOpen(): void;
  /** Writes the next `length` octets of the message, which are in it, to `target` from `at` on. */
  writeTo(target: Uint8Array, at: number, length: number): void;
  receive(bytes: Uint8Array, start: number, end: number): void;
  /** The gateway has ended it. */
  onEnd(): void;
}
