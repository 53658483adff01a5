import { setTimeout as delay } from "node:timers/promises";
import type { StreamPage } from "../gateway/telemetry/stream-view.ts";
import { AdminFailure, type AdminClient } from "./admin-client.ts";
import type { Key } from "./keyboard.ts";
import type { Screen } from "./screen.ts";
import { streamTable } from "./stream-table.ts";
import type { Terminal } from "./terminal.ts";
import { answered, FirstState, pressed, type TopEffect, type TopState } from "./top-state.ts";
import { headLines, rowsOf, topLines } from "./top-view.ts";

const PeriodMs = 1_000;
/** Of a look that is taken once. */
const SnapshotStreams = 100;
const SnapshotColumns = 160;

/** The part of an {@link AdminClient} that is asked. */
export type TopSource = Pick<AdminClient, "url" | "overview" | "page" | "close">;

/**
 * Prints once what `hawser top` shows, with what passed within a second.
 *
 * @throws AdminFailure where the gateway cannot be asked.
 */
export async function printTop(source: TopSource, output: Terminal): Promise<void> {
  const before = await source.overview();
  await delay(PeriodMs);
  const [overview, page] = await Promise.all([source.overview(), source.page(queryOf(FirstState, SnapshotStreams))]);
  const { order, ascending } = FirstState;
  for (const { text } of headLines({ ...FirstState, before, overview, page }, source.url)) output.line(text);
  output.line("");
  for (const line of streamTable(page.streams, { columns: SnapshotColumns, sorted: { order, ascending } })) {
    output.line(line);
  }
}

/**
 * Shows on `screen` what passes through a gateway, until somebody quits or `signal` does. The terminal is as before then.
 *
 * @throws AdminFailure where the gateway cannot be asked at the beginning; later that is shown, and tried again.
 */
export async function watchTop(source: TopSource, screen: Screen, signal: AbortSignal): Promise<void> {
  await source.overview();
  await new Top(source, screen).watch(signal);
}

class Top {
  readonly #source: TopSource;
  readonly #screen: Screen;
  readonly #over = Promise.withResolvers<void>();
  #state: TopState = FirstState;
  #isAsking = false;
  #isAskedAgain = false;

  constructor(source: TopSource, screen: Screen) {
    this.#source = source;
    this.#screen = screen;
  }

  async watch(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#over.resolve();
    signal.addEventListener("abort", end);
    const timer = setInterval(() => this.#state.isPaused || this.#ask(), PeriodMs);
    try {
      this.#screen.open({ key: (key) => this.#pressed(key), resized: () => this.#resized(), gone: end });
      this.#draw();
      this.#ask();
      if (!signal.aborted) await this.#over.promise;
    } finally {
      clearInterval(timer);
      signal.removeEventListener("abort", end);
      this.#screen.close();
    }
  }

  #pressed(key: Key): void {
    const [next, effect] = pressed(this.#state, key, rowsOf(this.#screen.size));
    this.#state = next;
    this.#draw();
    this.#do(effect);
  }

  #do(effect: TopEffect): void {
    if (effect === "quit") this.#over.resolve();
    else if (effect === "ask") this.#ask();
    else if (effect !== "none") void this.#close(effect.close);
  }

  #resized(): void {
    // What was marked may be below the last line now.
    const rows = rowsOf(this.#screen.size);
    const { cursor, offset } = this.#state;
    const hidden = Math.max(0, cursor - rows + 1);
    this.#state = { ...this.#state, cursor: cursor - hidden, offset: offset + hidden };
    this.#draw();
    this.#ask();
  }

  #draw(): void {
    this.#screen.draw(topLines(this.#state, this.#screen.size, this.#source.url));
  }

  async #close(id: number): Promise<void> {
    await this.#try(async () => {
      const text = await this.#source.close(id);
      this.#state = { ...this.#state, notice: { text, isFailure: false } };
    });
    this.#draw();
  }

  /** One question at a time; what is asked for meanwhile is asked behind it, once. */
  #ask(): void {
    this.#isAskedAgain = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#askAll().finally(() => (this.#isAsking = false));
  }

  async #askAll(): Promise<void> {
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      const asked = this.#state;
      // oxlint-disable-next-line no-await-in-loop -- the next question follows from what was pressed meanwhile
      await this.#try(async () => {
        const query = queryOf(asked, rowsOf(this.#screen.size));
        const [overview, page] = await Promise.all([this.#source.overview(), this.#source.page(query)]);
        if (isSamePage(asked, this.#state)) this.#state = answered(this.#state, overview, page);
        else this.#isAskedAgain = true;
        if (isBehindTheEnd(this.#state, page)) {
          this.#state = { ...this.#state, offset: 0, cursor: 0 };
          this.#isAskedAgain = true;
        }
      });
      this.#draw();
    }
  }

  async #try(attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof AdminFailure)) throw error;
      this.#state = { ...this.#state, notice: { text: error.message, isFailure: true } };
    }
  }
}

function queryOf({ order, ascending, search, offset }: TopState, limit: number): URLSearchParams {
  return new URLSearchParams({
    order,
    ascending: String(ascending),
    search,
    offset: String(offset),
    limit: String(Math.min(limit, 1_000)),
  });
}

function isSamePage(asked: TopState, now: TopState): boolean {
  return (["order", "ascending", "search", "offset"] as const).every((key) => asked[key] === now[key]);
}

/** As where streams have ended meanwhile. */
function isBehindTheEnd({ offset }: TopState, { streams, matching }: StreamPage): boolean {
  return streams.length === 0 && matching > 0 && offset > 0;
}
