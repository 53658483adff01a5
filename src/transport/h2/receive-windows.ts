import { DefaultWindowBytes } from "./h2-codes.ts";
import { firstWindowBytes, StreamReceiveWindow, type WindowGrowth } from "./stream-receive-window.ts";

/** Makes the windows of a connection's streams: before the peer has acknowledged our SETTINGS it goes by the default (§6.9.2). */
export class ReceiveWindows {
  readonly #growth: WindowGrowth;
  #begunMs = 0;
  #isAcknowledged = false;

  constructor(growth: WindowGrowth) {
    this.#growth = growth;
  }

  /** Whether the peer has acknowledged our SETTINGS. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged;
  }

  /** Our SETTINGS leave. */
  begin(): void {
    this.#begunMs = this.#growth.nowMs();
  }

  /** The peer acknowledges SETTINGS; returns by how much that makes the windows of open streams smaller. */
  acknowledge(): number {
    if (this.#isAcknowledged) return 0;
    this.#isAcknowledged = true;
    this.#growth.roundTrips.record(this.#growth.nowMs() - this.#begunMs);
    return DefaultWindowBytes - firstWindowBytes(this.#growth.maxBytes);
  }

  /** The window of a new stream. */
  create(): StreamReceiveWindow {
    const bytes = this.#isAcknowledged ? firstWindowBytes(this.#growth.maxBytes) : DefaultWindowBytes;
    return new StreamReceiveWindow(this.#growth, bytes);
  }
}
