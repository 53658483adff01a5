import { BoundedFeed } from "./bounded-feed.ts";
import type { GatewayEvent, Unsubscribe } from "./stream-view.ts";
import type { BatchListener } from "./streams-member.ts";

/** Tells whoever listens what happens; where nobody does, an event costs the look that finds nobody. */
export class EventFeed {
  readonly #now: () => number;
  readonly #feeds = new Set<BoundedFeed<GatewayEvent>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether anybody listens: events need not be made where nobody does. */
  get isHeard(): boolean {
    return this.#feeds.size > 0;
  }

  tell(event: GatewayEvent): void {
    for (const feed of this.#feeds) feed.push(event);
  }

  /** `listener` is told of what happens from now on. */
  listen(listener: BatchListener<GatewayEvent>): Unsubscribe {
    const feed = new BoundedFeed<GatewayEvent>((events, missed) => {
      const at = Math.round(this.#now());
      return listener(missed === 0 ? events : [...events, { type: "missed", at, count: missed }]);
    });
    this.#feeds.add(feed);
    return () => {
      this.#feeds.delete(feed);
      feed.close();
    };
  }
}
