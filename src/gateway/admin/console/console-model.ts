import { AdminApi, AdminApiError } from "./admin-api.ts";
import { OverviewHistory } from "./overview-history.ts";
import { placeOf, hashOf, type Place } from "./place.ts";
import { Poller } from "./poller.ts";
import { Session } from "./session.ts";
import { Store } from "./store.ts";

/** How the page and the gateway get on. */
export type Connection =
  | { readonly state: "connecting" | "live" }
  | { readonly state: "lost"; readonly message: string; readonly isAnswered: boolean };

/** What all views of the console share. */
export class ConsoleModel {
  readonly session: Session;
  readonly api: AdminApi;
  readonly history = new OverviewHistory();
  /** Counts the readings in `history`. */
  readonly readings = new Store(0);
  readonly connection = new Store<Connection>({ state: "connecting" });
  readonly place: Store<Place>;
  /** What the operator wants. */
  readonly isPaused = new Store(false);
  /** Paused, hidden, or without credentials: nothing is asked. */
  readonly isHeld = new Store(false);
  readonly #window: Window;
  readonly #overview: Poller<unknown>;

  constructor(window: Window) {
    this.#window = window;
    this.session = new Session(window.sessionStorage);
    this.api = new AdminApi(this.session);
    this.place = new Store(placeOf(window.location.hash));
    window.addEventListener("hashchange", () => this.place.set(placeOf(window.location.hash)));
    window.document.addEventListener("visibilitychange", () => this.#settle());
    this.isPaused.subscribe(() => this.#settle());
    this.session.demand.subscribe(() => this.#settle());
    this.#settle();
    this.#overview = new Poller({ intervalMs: 1000, ...this.#readOverview() }, this.isHeld);
  }

  /** Goes to a place and leaves the one before in the browser's history, unless it is to be replaced. */
  go(place: Place, { replace = false } = {}): void {
    const hash = hashOf(place);
    if (replace) {
      this.#window.history.replaceState(null, "", hash);
      this.place.set(place);
    } else this.#window.location.hash = hash;
  }

  /** Asks for the overview at once. */
  refresh(): void {
    this.#overview.now();
  }

  #readOverview() {
    return {
      load: async (signal: AbortSignal) => this.history.add(await this.api.overview(signal)),
      onValue: () => {
        this.connection.set({ state: "live" });
        this.readings.set(this.readings.value + 1);
      },
      onError: (error: unknown) => {
        const status = error instanceof AdminApiError ? error.status : 0;
        if (status === 401) return;
        const message = error instanceof Error ? error.message : String(error);
        this.connection.set({ state: "lost", message, isAnswered: status > 0 });
      },
    };
  }

  #settle(): void {
    const isHidden = this.#window.document.visibilityState === "hidden";
    this.isHeld.set(this.isPaused.value || isHidden || this.session.demand.value !== "none");
  }
}
