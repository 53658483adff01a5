import { describe, expect, test } from "vitest";
import { answered, FirstState, pressed, type TopState } from "../../src/cli/top-state.ts";
import { overview, streamView } from "../support/listed-streams.ts";

const Rows = 5;

/** The state when streams of these ids were answered, out of `matching`. */
function showing(ids: readonly number[], changes: Partial<TopState> = {}, matching = ids.length): TopState {
  const streams = ids.map((id) => streamView({ id }));
  return { ...FirstState, page: { streams, matching, open: matching, silentWorkers: [] }, ...changes };
}

/** What becomes of `state` by `keys`; the effect is that of the last. */
function after(state: TopState, ...keys: string[]) {
  return keys.reduce<ReturnType<typeof pressed>>(([now], key) => pressed(now, key, Rows), [state, "none"]);
}

const Page = showing([1, 2, 3, 4, 5], {}, 12);

describe("keys", () => {
  test.each([
    { keys: ["q"], effect: "quit", state: {} },
    { keys: ["ctrl-c"], effect: "quit", state: {} },
    { keys: ["/", "ctrl-c"], effect: "quit", state: {} },
    { keys: ["b"], effect: "ask", state: { order: "bytes", ascending: false } },
    { keys: ["B", "b"], effect: "ask", state: { order: "bytes", ascending: true } },
    { keys: ["b", "b", "b"], effect: "ask", state: { order: "bytes", ascending: false } },
    { keys: ["r"], effect: "ask", state: { order: "rate", ascending: true } },
    { keys: ["n"], effect: "ask", state: { order: "id", ascending: false } },
    { keys: ["p"], effect: "none", state: { isPaused: true } },
    { keys: ["p", "p"], effect: "ask", state: { isPaused: false } },
    { keys: ["down"], effect: "none", state: { offset: 0, cursor: 1, marked: 2 } },
    { keys: ["up"], effect: "none", state: { offset: 0, cursor: 0 } },
    { keys: ["end"], effect: "ask", state: { offset: 7, cursor: 4 } },
    { keys: ["end", "down"], effect: "none", state: { offset: 7, cursor: 4 } },
    { keys: ["end", "home"], effect: "ask", state: { offset: 0, cursor: 0 } },
    { keys: ["page-down"], effect: "ask", state: { offset: 5, cursor: 0 } },
    { keys: ["page-down", "page-down", "page-down"], effect: "none", state: { offset: 7, cursor: 4 } },
    { keys: ["down", "down", "down", "down", "down"], effect: "ask", state: { offset: 1, cursor: 4 } },
    { keys: ["down", "b"], effect: "ask", state: { cursor: 0, marked: undefined } },
    {
      keys: ["/", "c", "h", "x", "backspace", "enter"],
      effect: "ask",
      state: { search: "ch", mode: { type: "list" } },
    },
    { keys: ["/", "q", "escape"], effect: "none", state: { search: "", mode: { type: "list" } } },
    { keys: ["/", "c", "enter", "escape"], effect: "ask", state: { search: "" } },
    { keys: ["z"], effect: "none", state: {} },
  ])("$keys: $effect", ({ keys, effect, state }) => {
    const [next, told] = after(Page, ...keys);
    expect(told).toBe(effect);
    expect(next).toMatchObject(state);
  });

  test.each([
    { keys: ["down", "k", "y"], effect: { close: 2 } },
    { keys: ["down", "k", "n"], effect: "none" },
    { keys: ["down", "k", "q"], effect: "none" },
    { keys: ["down", "k", "enter"], effect: "none" },
  ])("$keys", ({ keys, effect }) => {
    const [next, told] = after(Page, ...keys);
    expect(told).toEqual(effect);
    expect(next.mode).toEqual({ type: "list" });
  });

  test("k closes what was on the line when it was pressed, whatever comes there meanwhile", () => {
    const [asking] = after(Page, "k");
    const later = answered(asking, overview(), {
      streams: [streamView({ id: 9 })],
      matching: 1,
      open: 1,
      silentWorkers: [],
    });
    expect(after(later, "y")[1]).toEqual({ close: 1 });
  });

  test("k on an empty list asks nothing", () => {
    expect(after(showing([]), "k")[0].mode).toEqual({ type: "list" });
  });
});

describe("an answer", () => {
  const pageOf = (...ids: number[]) => showing(ids).page ?? { streams: [], matching: 0, open: 0, silentWorkers: [] };

  test("leaves the mark on the stream it was moved to", () => {
    const [moved] = after(Page, "down");
    expect(answered(moved, overview(), pageOf(3, 1, 2)).cursor).toBe(2);
  });

  test("leaves a mark that nobody has moved where it is", () => {
    expect(answered(Page, overview(), pageOf(3, 2, 1)).cursor).toBe(0);
  });

  test("whose list is shorter has the mark on its last line", () => {
    const [moved] = after(Page, "end");
    expect(answered(moved, overview(), pageOf(8, 9))).toMatchObject({ cursor: 1, marked: undefined });
  });

  test("takes a failure away, but not what became of a close", () => {
    const failed = { ...Page, notice: { text: "no", isFailure: true } };
    const closed = { ...Page, notice: { text: "closing", isFailure: false } };
    expect(answered(failed, overview(), pageOf()).notice).toBeUndefined();
    expect(answered(closed, overview(), pageOf()).notice?.text).toBe("closing");
    expect(after(closed, "down")[0].notice).toBeUndefined();
  });

  test("soon behind the last does not make a rate of a moment", () => {
    const first = answered(Page, overview({ at: 1_000 }), pageOf());
    const second = answered(first, overview({ at: 2_000 }), pageOf());
    const soon = answered(second, overview({ at: 2_100 }), pageOf());
    expect([second.before?.at, soon.before?.at]).toEqual([1_000, 1_000]);
  });
});
