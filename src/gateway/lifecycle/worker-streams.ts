import type { FrameView, GatewayEvent, StreamQuery, StreamView, Unsubscribe } from "../telemetry/stream-view.ts";
import type { BatchListener, OverviewPart, Ranking, StreamsMember } from "../telemetry/streams-member.ts";
import type { ViewOrder, WorkerAnswer } from "./worker-messages.ts";
import type { WorkerProcess } from "./worker-process.ts";
import type { WorkerSeat } from "./worker-seat.ts";

/** What a worker has not answered by then is left out. */
const AskMs = 2_000;

/** The live streams of the worker on one seat, asked of it. */
export class WorkerStreams implements StreamsMember {
  readonly #seat: WorkerSeat;
  readonly #eventListeners = new Set<BatchListener<GatewayEvent>>();
  /** Ends the subscription to events of the process on the seat, while somebody listens. */
  #endEvents: Unsubscribe | undefined;

  constructor(seat: WorkerSeat) {
    this.#seat = seat;
  }

  get worker(): number {
    return this.#seat.number;
  }

  owns(id: number): boolean {
    return this.#seat.numbered(id);
  }

  async rank(query: StreamQuery): Promise<Ranking | undefined> {
    const answer = await this.#ask({ type: "rank", query });
    return answer?.type === "ranking" ? answer.ranking : undefined;
  }

  async views(ids: readonly number[]): Promise<readonly StreamView[] | undefined> {
    const answer = await this.#ask({ type: "views", ids });
    return answer?.type === "views" ? answer.views : undefined;
  }

  async close(id: number, code: number): Promise<boolean> {
    const answer = await this.#ask({ type: "close-stream", id, code });
    return answer?.type === "found" && answer.isFound;
  }

  async overview(): Promise<OverviewPart | undefined> {
    const answer = await this.#ask({ type: "overview" });
    return answer?.type === "overview" ? answer.part : undefined;
  }

  /** Where the worker ends, so does the stream. */
  async frames(
    id: number,
    { preview }: { readonly preview: boolean },
    listener: BatchListener<FrameView>,
    onEnd: () => void,
  ): Promise<Unsubscribe | undefined> {
    const process = this.#seat.ready;
    if (process === undefined) return undefined;
    let state: "asking" | "told" | "over" = "asking";
    const subscription = process.subscriptions.open((news) => {
      if (news.type === "frames") void listener(news.frames);
      if (news.type !== "over") return;
      if (state === "told") onEnd();
      state = "over";
    });
    const answer = await process.ask({ type: "frames", subscription, id, preview }, AskMs);
    // What has ended by now is a stream that there is not.
    const isFound = answer?.type === "found" && answer.isFound && hasBegun(state);
    const end = endOf(process, subscription);
    if (!isFound) end();
    state = "told";
    return isFound ? end : undefined;
  }

  events(listener: BatchListener<GatewayEvent>): Unsubscribe {
    // Whoever listens twice is told twice.
    const own: BatchListener<GatewayEvent> = (events) => listener(events);
    this.#eventListeners.add(own);
    if (this.#eventListeners.size === 1) this.ready();
    return () => {
      if (!this.#eventListeners.delete(own) || this.#eventListeners.size > 0) return;
      this.#endEvents?.();
      this.#endEvents = undefined;
    };
  }

  /** A worker serves on the seat from now on: it is asked for its events where somebody listens. */
  ready(): void {
    const process = this.#seat.ready;
    if (process === undefined || this.#eventListeners.size === 0) return;
    const subscription = process.subscriptions.open((news) => {
      if (news.type === "events") for (const listener of this.#eventListeners) void listener(news.events);
    });
    void process.ask({ type: "events", subscription }, AskMs);
    this.#endEvents = endOf(process, subscription);
  }

  async #ask(order: ViewOrder): Promise<WorkerAnswer | undefined> {
    return await this.#seat.ready?.ask(order, AskMs);
  }
}

/** Whether it has not ended: asked behind an `await`, where the compiler still believes in what was before. */
function hasBegun(state: string): boolean {
  return state !== "over";
}

/** Ends a subscription, once. */
function endOf(process: WorkerProcess, subscription: number): Unsubscribe {
  return () => {
    if (process.subscriptions.close(subscription)) void process.ask({ type: "unsubscribe", subscription }, AskMs);
  };
}
