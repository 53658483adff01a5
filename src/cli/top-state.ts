import type { Overview, StreamOrder, StreamPage, StreamView } from "../gateway/telemetry/stream-view.ts";
import type { Key } from "./keyboard.ts";

/** What the keys are about just now. */
export type TopMode =
  | { readonly type: "list" }
  | { readonly type: "search"; readonly text: string }
  /** Whether the stream shall be closed that was on the line when that was asked for. */
  | { readonly type: "confirm"; readonly stream: Pick<StreamView, "id" | "route" | "client"> };

/** What `hawser top` shows and does. */
export interface TopState {
  /** Two of them, one after the other, make rates. */
  readonly before: Overview | undefined;
  readonly overview: Overview | undefined;
  readonly page: StreamPage | undefined;
  readonly order: StreamOrder;
  readonly ascending: boolean;
  readonly search: string;
  /** How many streams are above the first line. */
  readonly offset: number;
  /** The line that is marked, from 0. */
  readonly cursor: number;
  /** The stream that the mark stays on, once somebody has moved it there. */
  readonly marked: number | undefined;
  readonly mode: TopMode;
  readonly isPaused: boolean;
  /** What became of something, in one line. */
  readonly notice: { readonly text: string; readonly isFailure: boolean } | undefined;
}

/** What a key leads to, beside another state. */
export type TopEffect = "none" | "ask" | "quit" | { readonly close: number };

/** What it begins with. */
export const FirstState: TopState = {
  before: undefined,
  overview: undefined,
  page: undefined,
  order: "rate",
  ascending: false,
  search: "",
  offset: 0,
  cursor: 0,
  marked: undefined,
  mode: { type: "list" },
  isPaused: false,
  notice: undefined,
};

const LeastRateMs = 900;

const OrderKeys: ReadonlyMap<string, StreamOrder> = new Map([
  ["a", "age"],
  ["b", "bytes"],
  ["m", "messages"],
  ["r", "rate"],
  ["i", "idle"],
  ["u", "buffered"],
  ["n", "id"],
]);

/** What follows from `key`, where the list has `rows` lines. */
export function pressed(state: TopState, key: Key, rows: number): readonly [TopState, TopEffect] {
  if (key === "ctrl-c") return [state, "quit"];
  switch (state.mode.type) {
    case "list":
      return pressedInList({ ...state, notice: undefined }, key, rows);
    case "search":
      return pressedInSearch(state, state.mode.text, key);
    case "confirm": {
      const next: TopState = { ...state, mode: { type: "list" } };
      return [next, key === "y" || key === "Y" ? { close: state.mode.stream.id } : "none"];
    }
    default:
      return state.mode satisfies never;
  }
}

/** What the gateway has answered. The mark stays on the stream it was moved to, as long as that is on the page. */
export function answered(state: TopState, overview: Overview, page: StreamPage): TopState {
  const place = page.streams.findIndex(({ id }) => id === state.marked);
  const last = Math.max(0, page.streams.length - 1);
  const mark = place >= 0 ? { cursor: place } : { cursor: Math.min(state.cursor, last), marked: undefined };
  const notice = state.notice?.isFailure === true ? undefined : state.notice;
  // What is asked soon behind the last time, as at a key, would make rates of a moment.
  const isSoon = state.overview !== undefined && overview.at - state.overview.at < LeastRateMs;
  return { ...state, ...mark, before: isSoon ? state.before : state.overview, overview, page, notice };
}

/** As if nobody had moved there: where the list is another one. */
function fromTheTop(state: TopState): TopState {
  return { ...state, offset: 0, cursor: 0, marked: undefined };
}

function pressedInList(state: TopState, key: Key, rows: number): readonly [TopState, TopEffect] {
  const order = OrderKeys.get(key.toLowerCase());
  if (order !== undefined) {
    const ascending = order === state.order && !state.ascending;
    return [fromTheTop({ ...state, order, ascending }), "ask"];
  }
  switch (key) {
    case "q":
      return [state, "quit"];
    case "p":
      return [{ ...state, isPaused: !state.isPaused }, state.isPaused ? "ask" : "none"];
    case "/":
      return [{ ...state, mode: { type: "search", text: state.search } }, "none"];
    case "escape":
      return state.search === "" ? [state, "none"] : [fromTheTop({ ...state, search: "" }), "ask"];
    case "k": {
      const stream = state.page?.streams[state.cursor];
      return [stream === undefined ? state : { ...state, mode: { type: "confirm", stream } }, "none"];
    }
    default:
      return moved(state, key, rows);
  }
}

function moved(state: TopState, key: Key, rows: number): readonly [TopState, TopEffect] {
  const matching = state.page?.matching ?? 0;
  const steps: Readonly<Partial<Record<Key, number>>> = {
    up: -1,
    down: 1,
    "page-up": -rows,
    "page-down": rows,
    home: -matching,
    end: matching,
  };
  const step = steps[key];
  if (step === undefined) return [state, "none"];
  const at = Math.min(Math.max(0, state.offset + state.cursor + step), Math.max(0, matching - 1));
  const lastOffset = Math.max(0, matching - rows);
  const lowest = Math.max(0, at - rows + 1);
  const offset = Math.min(
    lastOffset,
    Math.max(lowest, Math.min(at, isPageStep(key) ? state.offset + step : state.offset)),
  );
  const cursor = at - offset;
  const marked = offset === state.offset ? state.page?.streams[cursor]?.id : undefined;
  return [{ ...state, offset, cursor, marked }, offset === state.offset ? "none" : "ask"];
}

function isPageStep(key: Key): boolean {
  return key === "page-up" || key === "page-down";
}

function pressedInSearch(state: TopState, text: string, key: Key): readonly [TopState, TopEffect] {
  switch (key) {
    case "enter":
      return [fromTheTop({ ...state, search: text, mode: { type: "list" } }), "ask"];
    case "escape":
      return [{ ...state, mode: { type: "list" } }, "none"];
    case "backspace":
      return [{ ...state, mode: { type: "search", text: text.slice(0, -1) } }, "none"];
    default:
      return [key.length === 1 ? { ...state, mode: { type: "search", text: text + key } } : state, "none"];
  }
}
