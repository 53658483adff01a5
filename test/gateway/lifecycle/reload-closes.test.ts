import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { ConfigDiff } from "../../../src/gateway/lifecycle/config-diff.ts";
import { closeBehindReload, closeSpread } from "../../../src/gateway/lifecycle/reload-closes.ts";
import { Schedule } from "../../../src/gateway/lifecycle/schedule.ts";
import { LiveStreams, type GatewayCloseCause } from "../../../src/gateway/serving/live-streams.ts";
import { connectionFacts } from "../../support/connection-facts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const None = { added: [], removed: [], changed: [] };

function diffOfRoutes(routes: Partial<ConfigDiff["routes"]>): ConfigDiff {
  return { listeners: None, upstreams: None, routes: { ...None, ...routes }, sections: [], isEmpty: false };
}

function liveStreams(...routes: string[]) {
  const live = new LiveStreams();
  const closed: [route: string, code: number, cause: GatewayCloseCause][] = [];
  const streams = routes.map((route) => ({
    route,
    connection: connectionFacts(),
    close: (code: number, cause: GatewayCloseCause) => closed.push([route, code, cause]),
    abort: () => expect.unreachable(),
  }));
  for (const stream of streams) live.add(stream);
  return { live, closed, streams };
}

test("removed routes close soon, changed ones when their time has come, the others never", () => {
  const { live, closed } = liveStreams("kept", "gone", "other", "gone", "kept");
  const schedule = new Schedule(() => 0.5);
  const options = { live, schedule, closeSpreadMs: 1_000, changedRouteMs: 60_000 };
  closeBehindReload(diffOfRoutes({ removed: ["gone"], changed: ["other"], added: ["kept too"] }), options);
  vi.advanceTimersByTime(20);
  expect(closed).toEqual([
    ["gone", 1012, "route-removed"],
    ["gone", 1012, "route-removed"],
  ]);
  vi.advanceTimersByTime(56_900);
  expect(closed).toHaveLength(2);
  vi.advanceTimersByTime(200);
  expect(closed.slice(2)).toEqual([["other", 1012, "route-changed"]]);
  vi.runAllTimers();
  expect(closed).toHaveLength(3);
});

test("a stream that has ended by itself is not closed", () => {
  const { live, closed, streams } = liveStreams("a", "b", "c");
  closeSpread(streams, "drain", { live, schedule: new Schedule(() => 0.5), closeSpreadMs: 1_000 });
  live.delete(streams[1]!);
  vi.runAllTimers();
  expect(closed.map(([route]) => route)).toEqual(["a", "c"]);
});

test("a changed route closes those that were there, not those that came after", () => {
  const { live, closed, streams } = liveStreams("other", "other");
  const options = { live, schedule: new Schedule(() => 0.5), closeSpreadMs: 1_000, changedRouteMs: 60_000 };
  closeBehindReload(diffOfRoutes({ changed: ["other"] }), options);
  live.delete(streams[0]!);
  live.add({ ...streams[0]!, close: () => expect.unreachable() });
  vi.runAllTimers();
  expect(closed).toEqual([["other", 1012, "route-changed"]]);
});

test("a stream of a changed route that ends by itself is not held until the time has come", async () => {
  vi.useRealTimers();
  setFlagsFromString("--expose-gc");
  const live = new LiveStreams();
  const schedule = new Schedule(() => 0.5);
  onTestFinished(() => schedule.cancel());
  const gone = (() => {
    const stream = { route: "other", connection: connectionFacts(), close: () => undefined, abort: () => undefined };
    live.add(stream);
    closeBehindReload(diffOfRoutes({ changed: ["other"] }), {
      live,
      schedule,
      closeSpreadMs: 1,
      changedRouteMs: 60_000,
    });
    live.delete(stream);
    return new WeakRef(stream);
  })();
  await vi.waitFor(() => {
    runInNewContext("gc()");
    // Not the stream itself: what was expected is held where the test fails.
    expect(gone.deref() === undefined).toBe(true);
  });
});
