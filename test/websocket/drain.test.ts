import { expect, test } from "vitest";
import { drain, type DrainedListener, type DrainedStreams } from "../../src/websocket/drain.ts";

/** Listener and streams that only write down what they are asked, and whether their waits are over. */
function recorded({ streamsEnd, connectionsEnd }: { streamsEnd: boolean; connectionsEnd: boolean }) {
  const asked: string[] = [];
  const until = (over: boolean, signal: AbortSignal) =>
    over || signal.aborted
      ? Promise.resolve()
      : new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const listener: DrainedListener = {
    stopAccepting: () => asked.push("stopAccepting"),
    refuseNew: () => asked.push("refuseNew"),
    goAway: () => asked.push("goAway"),
    destroy: async () => void asked.push("destroy"),
    idle: (signal) => until(connectionsEnd, signal),
  };
  const streams: DrainedStreams = {
    close: () => void asked.push("close"),
    abort: () => asked.push("abort"),
    empty: (signal) => until(streamsEnd, signal),
  };
  return { asked, listener, streams };
}

const Never = new AbortController().signal;
const order = ["stopAccepting", "refuseNew", "close", "abort", "goAway", "destroy"];

test.each([
  { name: "everything ends in time", streamsEnd: true, connectionsEnd: true, drainMs: 60_000, farewellMs: 60_000 },
  { name: "streams do not end", streamsEnd: false, connectionsEnd: true, drainMs: 10, farewellMs: 60_000 },
  { name: "connections do not end", streamsEnd: true, connectionsEnd: false, drainMs: 60_000, farewellMs: 10 },
])("GOAWAY comes after the streams, whether or not they end: $name", async ({ drainMs, farewellMs, ...ends }) => {
  const { asked, listener, streams } = recorded(ends);
  await drain([listener], streams, { drainMs, farewellMs, cut: Never });
  expect(asked).toEqual(order);
});

test("a cut ends every wait at once", async () => {
  const { asked, listener, streams } = recorded({ streamsEnd: false, connectionsEnd: false });
  const cut = new AbortController();
  const drained = drain([listener], streams, { drainMs: 60_000, farewellMs: 60_000, cut: cut.signal });
  expect(asked).not.toContain("goAway");
  cut.abort();
  await drained;
  expect(asked).toEqual(order);
});
