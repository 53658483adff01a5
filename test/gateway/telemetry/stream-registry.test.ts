import { describe, expect, test } from "vitest";
import {
  StreamRegistry,
  protocolOf,
  type StreamClose,
  type StreamFacts,
  type StreamRecord,
} from "../../../src/gateway/telemetry/stream-registry.ts";

const Chat: StreamFacts = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 3, streamId: 17 };
const Normal: StreamClose = { initiator: "client", code: 1000, cause: "close-frame" };

/** A registry whose clock stands at `time.now`. */
function registryAt(now: number) {
  const time = { now };
  return { time, streams: new StreamRegistry({ now: () => time.now }) };
}

describe("a record", () => {
  test("carries what was known at the opening, a number of its own and its time", () => {
    const { streams, time } = registryAt(5000);
    const first = streams.open(Chat);
    time.now = 6000;
    const second = streams.open({ ...Chat, protocol: "h1", streamId: 0 });
    expect(first).toMatchObject({ ...Chat, id: 1, openedAt: 5000 });
    expect(second).toMatchObject({ route: "chat", protocol: "h1", streamId: 0, id: 2, openedAt: 6000 });
    expect([...streams.live]).toEqual([first, second]);
  });

  test("is live until it closes, and closes once", () => {
    const streams = new StreamRegistry();
    const record = streams.open(Chat);
    record.toClient.text = 2;
    record.close(Normal);
    record.close({ initiator: "gateway", code: 1006, cause: "drain" });
    record.toClient.text = 50;
    expect(streams.live.size).toBe(0);
    expect(streams.totals()).toMatchObject([
      { open: 0, opened: 1, toClient: { text: 2 }, closes: [{ ...Normal, code: "1000", count: 1 }] },
    ]);
  });
});

describe("totals", () => {
  test("add live and ended streams of the same route, upstream and protocol", () => {
    const streams = new StreamRegistry();
    const ended = streams.open(Chat);
    Object.assign(ended.toUpstream, { bytes: 100, continuation: 1, text: 2, binary: 3, close: 4, ping: 5, pong: 6 });
    ended.close(Normal);
    const live = streams.open({ ...Chat, connectionId: 4 });
    Object.assign(live.toUpstream, {
      bytes: 1000,
      continuation: 10,
      text: 20,
      binary: 30,
      close: 40,
      ping: 50,
      pong: 60,
    });
    Object.assign(live.toClient, { bytes: 7 });
    expect(streams.totals()).toMatchObject([
      {
        route: "chat",
        upstream: "backend",
        protocol: "h2",
        open: 1,
        opened: 2,
        toUpstream: { bytes: 1100, continuation: 11, text: 22, binary: 33, close: 44, ping: 55, pong: 66 },
        toClient: { bytes: 7, continuation: 0, text: 0, binary: 0, close: 0, ping: 0, pong: 0 },
        closes: [{ ...Normal, code: "1000", count: 1 }],
      },
    ]);
  });

  test.each([
    { differs: "route", facts: { ...Chat, route: "other" } },
    { differs: "upstream", facts: { ...Chat, upstream: "other" } },
    { differs: "protocol", facts: { ...Chat, protocol: "h1" as const } },
  ])("keep streams apart whose $differs differs", ({ facts }) => {
    const streams = new StreamRegistry();
    for (const one of [Chat, facts]) streams.open(one).toClient.bytes = 5;
    expect(streams.totals()).toMatchObject([
      { open: 1, toClient: { bytes: 5 } },
      { open: 1, toClient: { bytes: 5 } },
    ]);
  });

  test("keep names apart that look alike when they are joined", () => {
    const streams = new StreamRegistry();
    streams.open({ ...Chat, route: 'a","b', upstream: "c" });
    streams.open({ ...Chat, route: "a", upstream: 'b","c' });
    expect(streams.totals()).toHaveLength(2);
  });

  test("count closes by initiator, code and cause, a range of codes as one", () => {
    const streams = new StreamRegistry();
    const endings: StreamClose[] = [
      Normal,
      { ...Normal, code: 4000 },
      { ...Normal, code: 4999 },
      { ...Normal, initiator: "upstream" },
      { initiator: "client", code: 1006, cause: "reset" },
      { initiator: "client", code: 1006, cause: "connection-lost" },
      Normal,
    ];
    for (const ending of endings) streams.open(Chat).close(ending);
    expect(streams.totals()[0]?.closes).toEqual([
      { initiator: "client", code: "1000", cause: "close-frame", count: 2 },
      { initiator: "client", code: "4xxx", cause: "close-frame", count: 2 },
      { initiator: "upstream", code: "1000", cause: "close-frame", count: 1 },
      { initiator: "client", code: "1006", cause: "reset", count: 1 },
      { initiator: "client", code: "1006", cause: "connection-lost", count: 1 },
    ]);
  });

  test("are a copy", () => {
    const streams = new StreamRegistry();
    streams.open(Chat).close(Normal);
    const [before] = streams.totals();
    streams.open(Chat).close(Normal);
    expect(before).toMatchObject({ opened: 1, closes: [{ count: 1 }] });
  });
});

describe("the routes of the config", () => {
  const route = (name: string) => ({ route: name, upstream: "backend" });
  const named = (streams: StreamRegistry) => [...new Set(streams.totals().map((totals) => totals.route))];

  test("begin with zeros over both protocols, at the start and behind a reload", () => {
    const streams = new StreamRegistry();
    streams.know([route("chat")]);
    const empty = { route: "chat", upstream: "backend", open: 0, opened: 0, closes: [] };
    expect(streams.totals()).toMatchObject([
      { ...empty, protocol: "h1" },
      { ...empty, protocol: "h2" },
    ]);
    streams.open(Chat);
    streams.know([route("chat"), route("feed")]);
    expect(streams.totals()).toMatchObject([{ opened: 0 }, { opened: 1 }, { route: "feed" }, { route: "feed" }]);
  });

  test("keep their sums when they leave, and when they come back", () => {
    const streams = new StreamRegistry();
    streams.know([route("chat")]);
    streams.open(Chat).close(Normal);
    streams.know([]);
    expect(streams.totals()).toMatchObject([{ opened: 0 }, { route: "chat", opened: 1 }]);
    streams.know([route("chat")]);
    streams.open(Chat);
    expect(streams.totals()).toMatchObject([{ opened: 0 }, { opened: 2, open: 1 }]);
  });

  test("are forgotten when a hundred more have left, but not while a stream is open", () => {
    const streams = new StreamRegistry();
    const forgotten: string[] = [];
    streams.observe({ forgot: (labels) => void forgotten.push(labels.route) });
    streams.know([route("chat"), route("quiet")]);
    const record = streams.open(Chat);
    for (let i = 0; i <= 102; i++) streams.know([route(`r${i}`)]);
    expect(forgotten).toEqual(["quiet", "r0", "r1"]);
    expect(named(streams)).toHaveLength(1 + 100 + 1);
    record.close(Normal);
    streams.know([route("another")]);
    expect(forgotten).toEqual(["quiet", "r0", "r1", "chat", "r2"]);
    expect(named(streams)).toHaveLength(100 + 1);
  });
});

test("observers are told of each stream once, with the time, when the sums already know", () => {
  const { streams, time } = registryAt(1000);
  const told: unknown[] = [];
  streams.observe({
    opened: (record: StreamRecord, now) => told.push(["opened", record.id, now, streams.live.size]),
    closed: (record, ending, now) => told.push(["closed", record.id, ending.code, now, streams.live.size]),
  });
  streams.observe({});
  const record = streams.open(Chat);
  time.now = 3500;
  record.close(Normal);
  record.close(Normal);
  expect(told).toEqual([
    ["opened", 1, 1000, 1],
    ["closed", 1, 1000, 3500, 0],
  ]);
});

test("without a clock of its own it tells the time of day", () => {
  const before = Date.now();
  expect(Math.abs(new StreamRegistry().open(Chat).openedAt - before)).toBeLessThan(60_000);
});

test.each([
  { httpVersion: "1.1", protocol: "h1" },
  { httpVersion: "2", protocol: "h2" },
] as const)("HTTP/$httpVersion is called $protocol", ({ httpVersion, protocol }) => {
  expect(protocolOf({ httpVersion })).toBe(protocol);
});
