import type { Unsubscribe } from "../telemetry/stream-view.ts";
import type { StreamsMember } from "../telemetry/streams-member.ts";
import type { ViewOrder, WorkerAnswer, WorkerNews } from "./worker-messages.ts";

/** Answers what the process above a worker asks of the worker's live streams. */
export class WorkerViews {
  readonly #streams: StreamsMember;
  readonly #tell: (subscription: number, news: WorkerNews) => Promise<void>;
  readonly #subscriptions = new Map<number, Unsubscribe>();

  /** @param tell - sends news; what it returns resolves when there is room for more. */
  constructor(streams: StreamsMember, tell: (subscription: number, news: WorkerNews) => Promise<void>) {
    this.#streams = streams;
    this.#tell = tell;
  }

  async obey(order: ViewOrder): Promise<WorkerAnswer> {
    switch (order.type) {
      case "rank": {
        const ranking = await this.#streams.rank(order.query);
        return ranking === undefined ? { type: "done" } : { type: "ranking", ranking };
      }
      case "views":
        return { type: "views", views: (await this.#streams.views(order.ids)) ?? [] };
      case "close-stream":
        return { type: "found", isFound: await this.#streams.close(order.id, order.code) };
      case "overview": {
        const part = await this.#streams.overview();
        return part === undefined ? { type: "done" } : { type: "overview", part };
      }
      case "frames":
        return { type: "found", isFound: await this.#tellFrames(order) };
      case "events":
        return this.#tellEvents(order.subscription);
      case "unsubscribe":
        this.#subscriptions.get(order.subscription)?.();
        this.#subscriptions.delete(order.subscription);
        return { type: "done" };
      default:
        return order satisfies never;
    }
  }

  #tellEvents(subscription: number): WorkerAnswer {
    const end = this.#streams.events((events) => this.#tell(subscription, { type: "events", events }));
    this.#subscriptions.set(subscription, end);
    return { type: "done" };
  }

  async #tellFrames({ subscription, id, preview }: Extract<ViewOrder, { type: "frames" }>): Promise<boolean> {
    const end = await this.#streams.frames(
      id,
      { preview },
      (frames) => this.#tell(subscription, { type: "frames", frames }),
      () => {
        this.#subscriptions.delete(subscription);
        void this.#tell(subscription, { type: "over" });
      },
    );
    if (end !== undefined) this.#subscriptions.set(subscription, end);
    return end !== undefined;
  }
}
