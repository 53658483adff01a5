import { DefaultWindowBytes, ErrorCode, H2ConnectionError } from "./h2-codes.ts";

/**
 * The window of a connection for what its peer sends (RFC 9113 §6.9), given back on receipt: what streams hold unread is
 * bounded by their own windows.
 */
export class ReceiveWindow {
  readonly #windowBytes: number;
  /** What the peer may send before it is granted more. */
  #left: number;
  #consumedBytes = 0;

  /** @param windowBytes - how large it is, once {@link firstGrant} has been sent. */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#left = windowBytes;
  }

  /** What has to be granted at the beginning. */
  get firstGrant(): number {
    return this.#windowBytes - DefaultWindowBytes;
  }

  /**
   * Takes `bytes` of DATA, padding among them; returns what is to be granted now: 0 for nothing yet.
   *
   * @throws H2ConnectionError
   */
  take(bytes: number): number {
    this.#left -= bytes;
    if (this.#left < 0) throw new H2ConnectionError(ErrorCode.FlowControlError, "more than the window");
    this.#consumedBytes += bytes;
    // Half a window at a time: a grant for each frame would be a frame for each frame.
    if (this.#consumedBytes * 2 < this.#windowBytes) return 0;
    const granted = this.#consumedBytes;
    this.#left += granted;
    this.#consumedBytes = 0;
    return granted;
  }
}
