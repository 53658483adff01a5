import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { JoinedStreams } from "../../../src/gateway/telemetry/joined-streams.ts";
import { LocalStreams } from "../../../src/gateway/telemetry/local-streams.ts";
import { StreamRegistry, type StreamFacts } from "../../../src/gateway/telemetry/stream-registry.ts";
import type { GatewayEvent, StreamQuery, StreamView } from "../../../src/gateway/telemetry/stream-view.ts";
import type { StreamsMember } from "../../../src/gateway/telemetry/streams-member.ts";
import { AllStreams } from "../../support/all-streams.ts";

const StartedAt = 1_700_000_000_000;
const Chat: StreamFacts = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 };
const All = { ...AllStreams, limit: 10 };

interface Setup {
  readonly facts?: Partial<StreamFacts>;
  readonly bytes?: number;
  readonly messages?: number;
  readonly buffered?: number;
  readonly subprotocol?: string;
  readonly client?: string;
}

/** A process with live streams; its ids begin behind `idsBehind`. */
function member(idsBehind = 0, worker = 0) {
  const now = () => Date.now();
  const streams = new StreamRegistry({ now, idsBehind });
  const local = new LocalStreams({ streams, worker, now });
  const open = ({ facts, bytes = 0, messages = 0, buffered = 0, subprotocol, client = "192.0.2.7" }: Setup = {}) => {
    const record = streams.open({ ...Chat, ...facts });
    record.toUpstream.bytes = bytes;
    record.toUpstream.text = messages;
    const moment = { state: "open", bufferedToUpstream: 0, bufferedToClient: buffered, sendWindow: null } as const;
    const rest = { extensions: undefined, tail: undefined, watch: () => undefined, closeAs: () => undefined };
    local.seen.add({ record, listener: "main", client, subprotocol, moment, ...rest });
    return record;
  };
  const part: StreamsMember = {
    worker,
    owns: (id) => id > idsBehind && id <= idsBehind + 1_000,
    rank: (query) => local.rank(query),
    views: (ids) => local.views(ids),
    close: (id, code) => local.close(id, code),
    overview: () => local.overview(),
    frames: (...asked) => local.frames(...asked),
    events: (listener) => local.events(listener),
  };
  return { local, open, part };
}

/** One that does not answer in time. */
const Silent: StreamsMember = {
  worker: 9,
  owns: () => false,
  rank: () => Promise.resolve(undefined),
  views: () => Promise.resolve(undefined),
  close: () => Promise.resolve(false),
  overview: () => Promise.resolve(undefined),
  frames: () => Promise.resolve(undefined),
  events: () => () => undefined,
};

const facts = { version: "1", startedAt: StartedAt, readiness: "ready", generation: 3 } as const;

function joined(...parts: StreamsMember[]): JoinedStreams {
  return new JoinedStreams(
    parts,
    () => facts,
    () => Date.now(),
  );
}

async function idsOf(streams: JoinedStreams, query: Partial<StreamQuery>): Promise<number[]> {
  return (await streams.list({ ...All, ...query })).streams.map(({ id }) => id);
}

beforeEach(() => {
  vi.useFakeTimers({ now: StartedAt, toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
});

describe("streams of one process", () => {
  /** Four that differ in everything: 1 to 4, one each second. */
  function four() {
    const { local, open } = member();
    const setups: Setup[] = [
      { bytes: 400, messages: 1, buffered: 7, subprotocol: "mqtt" },
      { bytes: 300, messages: 9, buffered: 9, facts: { route: "feed" } },
      { bytes: 0, messages: 0, buffered: 0, facts: { protocol: "h1", upstream: "echo" }, client: "198.51.100.1" },
      { bytes: 500, messages: 4, buffered: 8 },
    ];
    const records = setups.map((setup) => {
      const record = open(setup);
      vi.setSystemTime(Date.now() + 1_000);
      return record;
    });
    return { local, streams: joined(local), records };
  }

  test.each<{ order: StreamQuery["order"]; ids: number[] }>([
    { order: "id", ids: [4, 3, 2, 1] },
    { order: "age", ids: [1, 2, 3, 4] },
    { order: "bytes", ids: [4, 1, 2, 3] },
    { order: "messages", ids: [2, 4, 1, 3] },
    { order: "buffered", ids: [2, 4, 1, 3] },
    { order: "rate", ids: [4, 1, 2, 3] },
    // The third has had nothing since it opened; of the others something passed just now.
    { order: "idle", ids: [3, 1, 2, 4] },
  ])("are sorted by $order, and the other way round", async ({ order, ids }) => {
    const { streams } = four();
    expect(await idsOf(streams, { order, ascending: false })).toEqual(ids);
    const others = await idsOf(streams, { order, ascending: true });
    expect(new Set(others)).toEqual(new Set(ids));
    expect(others.at(order === "idle" ? -1 : 0)).toBe(ids.at(order === "idle" ? 0 : -1));
  });

  test.each<{ what: string; query: Partial<StreamQuery>; ids: number[] }>([
    { what: "of a route", query: { route: "feed" }, ids: [2] },
    { what: "of an upstream", query: { upstream: "echo" }, ids: [3] },
    { what: "of a protocol", query: { protocol: "h2" }, ids: [1, 2, 4] },
    { what: "of all three", query: { route: "chat", upstream: "backend", protocol: "h2" }, ids: [1, 4] },
    { what: "with a part of a route", query: { search: "fee" }, ids: [2] },
    { what: "with a part of an upstream", query: { search: "ech" }, ids: [3] },
    { what: "with a part of a subprotocol", query: { search: "mq" }, ids: [1] },
    { what: "with an id", query: { search: "4" }, ids: [4] },
    { what: "with an address that is not shown", query: { search: "198.51" }, ids: [] },
    { what: "of nothing", query: { search: "nothing" }, ids: [] },
  ])("are found: those $what", async ({ query, ids }) => {
    const { streams } = four();
    expect(await idsOf(streams, query)).toEqual(ids);
    expect(await streams.list({ ...All, ...query })).toMatchObject({ matching: ids.length, open: 4 });
  });

  test("have the addresses of their clients where these are shown, and are found by them", async () => {
    const { streams, local } = four();
    expect(await streams.find(3)).toMatchObject({ client: null });
    local.showsClients = true;
    expect(await streams.find(3)).toMatchObject({ client: "198.51.100.1" });
    expect(await idsOf(streams, { search: "198.51" })).toEqual([3]);
  });

  test("come page by page", async () => {
    const { streams } = four();
    const page = (offset: number, limit: number) => idsOf(streams, { order: "bytes", ascending: false, offset, limit });
    expect([await page(0, 1), await page(1, 2), await page(3, 2), await page(4, 2), await page(9, 2)]).toEqual([
      [4],
      [1, 2],
      [3],
      [],
      [],
    ]);
  });

  test("that end between the slices are left out", async () => {
    const { local, open } = member();
    for (let bytes = 0; bytes < 600; bytes++) open({ bytes });
    const last = [...local.seen.all].slice(0, 1);
    const slices: (readonly StreamView[])[] = [];
    for await (const slice of joined(local).each({ ...All, order: "bytes", ascending: false, offset: 50, limit: 1 })) {
      slices.push(slice);
      for (const one of last) local.seen.delete(one);
    }
    expect(slices.map(({ length }) => length)).toEqual([250, 250, 49]);
    const ids = slices.flat().map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 549 }, (_, at) => 550 - at));
  });
});

describe("streams of several processes", () => {
  function two() {
    const [one, other] = [member(1_000, 1), member(2_000, 2)];
    one.open({ bytes: 10 });
    one.open({ bytes: 30 });
    other.open({ bytes: 20, facts: { route: "feed" } });
    return { one, other, streams: joined(one.part, other.part, Silent) };
  }

  test("are one list, and who did not answer is named", async () => {
    const { streams } = two();
    const page = await streams.list({ ...All, order: "bytes", ascending: false, limit: 2 });
    expect(page).toMatchObject({ matching: 3, open: 3, silentWorkers: [9] });
    expect(page.streams.map(({ id, worker }) => [id, worker])).toEqual([
      [1_002, 1],
      [2_001, 2],
    ]);
    expect(await streams.find(2_001)).toMatchObject({ worker: 2, route: "feed" });
  });

  test("are summed up", async () => {
    const { streams, one, other } = two();
    one.local.openingOver({ route: "chat", protocol: "h2", result: "accepted", status: 200 }, 0.01);
    other.local.openingOver({ route: "", protocol: "h1", result: "no_route", status: 404 }, 0.5);
    const overview = await streams.overview();
    expect(overview).toMatchObject({
      ...facts,
      at: StartedAt,
      workers: 3,
      silentWorkers: [9],
      open: 3,
      opened: 3,
      closed: 0,
      openings: { accepted: 1, no_route: 1 },
      toUpstream: { bytes: 60, messages: 0 },
      pingMs: { p50: null, p99: null },
      routes: [
        { route: "chat", upstream: "backend", open: 2, opened: 2, bytes: 40, messages: 0 },
        { route: "feed", upstream: "backend", open: 1, opened: 1, bytes: 20, messages: 0 },
      ],
    });
    // That one was refused after half a second says nothing of how long the others take.
    expect(overview.openingMs.p99).toBeCloseTo(10, -1);
  });

  test("tell what happens, and so does the gateway itself", () => {
    const { streams, one, other } = two();
    const told: GatewayEvent[] = [];
    const end = streams.events((event) => void told.push(event));
    one.open();
    other.local.openingOver({ route: "chat", protocol: "h1", result: "limited", status: 503 });
    streams.tell({ type: "draining", at: 1 });
    vi.advanceTimersByTime(50);
    end();
    other.open();
    vi.advanceTimersByTime(50);
    const of = { at: StartedAt, route: "chat" };
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        { ...of, type: "opened", id: 1_003, protocol: "h2" },
        { ...of, type: "refused", protocol: "h1", result: "limited", status: 503 },
        { type: "draining", at: 1 },
      ]),
    );
  });

  test("tell no more than there is room for, and how much that was", () => {
    const { streams, one } = two();
    const told: GatewayEvent[] = [];
    onTestFinished(streams.events((event) => void told.push(event)));
    for (let count = 0; count < 520; count++) one.open();
    vi.advanceTimersByTime(50);
    expect(told).toHaveLength(501);
    expect(told.at(-1)).toEqual({ type: "missed", at: StartedAt + 50, count: 20 });
  });
});
