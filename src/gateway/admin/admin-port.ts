import type { AdminConfig } from "../config/config.ts";
import { listenOn } from "../lifecycle/bind.ts";
import { AdminServer, type BoundAddress } from "./api.ts";
import type { AdminSources } from "./gateway-endpoints.ts";

/** An admin port that is open and not in use yet. Exactly one of the two is called. */
export interface AdminChange {
  /** Takes it in use; the one before it closes, once what is asked there has its answer. */
  commit(): void;
  /** Closes it. */
  undo(): Promise<void>;
}

type AdminPlace = Pick<AdminConfig, "host" | "port" | "auth" | "hosts">;

/** The admin port of a gateway, from one config to the next. */
export class AdminPort {
  readonly #sources: AdminSources;
  readonly #bound: (address: BoundAddress) => void;
  #inUse: { readonly place: AdminPlace; readonly server: AdminServer } | undefined;

  /** @param bound - told of each port that was opened. */
  constructor(sources: AdminSources, bound: (address: BoundAddress) => void) {
    this.#sources = sources;
    this.#bound = bound;
  }

  /**
   * Opens a port at `place`, beside the one in use; where that is at the same place it will go by other rules.
   *
   * @throws Error that says why it cannot listen there; nothing new is left open then.
   */
  async prepare(place: AdminPlace): Promise<AdminChange> {
    const inUse = this.#inUse;
    if (inUse !== undefined && inUse.place.host === place.host && inUse.place.port === place.port) {
      const commit = (): void => {
        inUse.server.update(place);
        this.#inUse = { ...inUse, place };
      };
      return { commit, undo: () => Promise.resolve() };
    }
    const server = new AdminServer({ ...place, sources: this.#sources });
    this.#bound(await listenOn("admin", place, () => server.listen()));
    return {
      commit: () => {
        void inUse?.server.close();
        this.#inUse = { place, server };
      },
      undo: () => server.close(),
    };
  }

  /** Closes the one in use, as {@link AdminServer.close} does. */
  async close(): Promise<void> {
    await this.#inUse?.server.close();
  }
}
