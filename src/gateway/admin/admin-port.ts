import type { HostPort } from "../config/config.ts";
import { listenOn } from "../lifecycle/bind.ts";
import { AdminServer, type AdminOptions, type BoundAddress } from "./api.ts";

/** An admin port that is open and not in use yet. Exactly one of the two is called. */
export interface AdminChange {
  /** Takes it in use; the one before it closes, once what is asked there has its answer. */
  commit(): void;
  /** Closes it. */
  undo(): Promise<void>;
}

/** The admin port of a gateway, from one config to the next. */
export class AdminPort {
  readonly #options: Omit<AdminOptions, keyof HostPort>;
  readonly #bound: (address: BoundAddress) => void;
  #server: AdminServer | undefined;

  /** @param bound - told of each port that was opened. */
  constructor(options: Omit<AdminOptions, keyof HostPort>, bound: (address: BoundAddress) => void) {
    this.#options = options;
    this.#bound = bound;
  }

  /**
   * Opens a port at `place`, beside the one in use.
   *
   * @throws Error that says why it cannot listen there; nothing new is left open then.
   */
  async prepare(place: HostPort): Promise<AdminChange> {
    const server = new AdminServer({ ...this.#options, ...place });
    this.#bound(await listenOn("admin", place, () => server.listen()));
    return {
      commit: () => {
        void this.#server?.close();
        this.#server = server;
      },
      undo: () => server.close(),
    };
  }

  /** Closes the one in use, as {@link AdminServer.close} does. */
  async close(): Promise<void> {
    await this.#server?.close();
  }
}
