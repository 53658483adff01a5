import type { Listener } from "../../transport/listener.ts";
import { closeSpread, type CloseOptions } from "./reload-closes.ts";

/** How the connections of a {@link RetiredListeners} end. */
export interface RetireOptions extends CloseOptions {
  /** How long a closing handshake may take. */
  readonly closeMs: number;
}

/**
 * Listeners that the config does not have any more, until their connections are gone. Clients come back over the connection
 * they have as long as there is one, and browsers drop the WebSockets of a connection on its GOAWAY. So the streams are told
 * to close twice, those of a client that came back too, and nothing new is taken from the second time on; then the
 * connections are told to leave.
 */
export class RetiredListeners {
  readonly #farewellMs: number;
  readonly #cut: AbortSignal;
  readonly #listeners = new Set<Listener>();

  /**
   * @param farewellMs - how long connections may take to leave when their streams are over.
   * @param cut - ends that wait at once.
   */
  constructor(farewellMs: number, cut: AbortSignal) {
    this.#farewellMs = farewellMs;
    this.#cut = cut;
  }

  get all(): Listener[] {
    return [...this.#listeners];
  }

  /** Closes the port now, and the connections when their streams are over. */
  retire(listener: Listener, options: RetireOptions): void {
    const { schedule, closeSpreadMs, closeMs } = options;
    const closedMs = closeSpreadMs + 2 * closeMs;
    listener.stopAccepting();
    this.#listeners.add(listener);
    this.#closeStreams(listener, options);
    schedule.after(closedMs, 0, () => {
      listener.refuseNew();
      this.#closeStreams(listener, options);
      schedule.after(closedMs, 0, () => void this.#bidFarewell(listener));
    });
  }

  #closeStreams(listener: Listener, options: CloseOptions): void {
    const streams = options.live.all().filter(({ connection }) => listener.has(connection));
    closeSpread(streams, "listener-removed", options);
  }

  async #bidFarewell(listener: Listener): Promise<void> {
    listener.goAway();
    await listener.idle(AbortSignal.any([this.#cut, AbortSignal.timeout(this.#farewellMs)]));
    await listener.destroy();
    this.#listeners.delete(listener);
  }
}
