import * as fc from "fast-check";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { expositionText } from "../../../src/gateway/telemetry/exposition-text.ts";
import { countFragment, countFrame, goOn, holdBack } from "../../../src/protocol/frame/traffic.ts";
import { Opcode } from "../../../src/protocol/frame/opcode.ts";
import { StreamMetrics } from "../../../src/gateway/telemetry/stream-metrics.ts";
import { CloseCauses, StreamRegistry, type StreamRecord } from "../../../src/gateway/telemetry/stream-registry.ts";
import { parseExposition, seriesOf, sumOf, type Exposition } from "../../support/exposition.ts";

/** Streams with a clock that is set by hand, and what a scrape reads of them. */
function streamsUnderScrape() {
  const time = { now: 0 };
  const streams = new StreamRegistry({ now: () => time.now });
  const registry = new Registry();
  const metrics = new StreamMetrics(streams, registry);
  const scrape = async (): Promise<Exposition> => {
    const own = metrics.publish();
    return parseExposition(expositionText([...(await registry.getMetricsAsJSON()), ...own], "prometheus"));
  };
  return { time, streams, scrape };
}

const Chat = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 } as const;
const StreamLabels = { route: "chat", upstream: "backend" };
const ChatLabels = 'protocol="h2",route="chat",upstream="backend"';

describe("a scrape", () => {
  test("sees a stream while it is open, and the same sums after it closed", async () => {
    const { streams, scrape } = streamsUnderScrape();
    const record = streams.open(Chat);
    Object.assign(record.toUpstream, { bytes: 12, text: 1 });
    Object.assign(record.toClient, { bytes: 34, binary: 2, pong: 1 });
    const carried = {
      [`hawser_streams_opened_total{${ChatLabels}}`]: 1,
      [`hawser_stream_bytes_total{direction="to_upstream",${ChatLabels}}`]: 12,
      [`hawser_stream_bytes_total{direction="to_client",${ChatLabels}}`]: 34,
      [`hawser_stream_frames_total{direction="to_upstream",opcode="text",${ChatLabels}}`]: 1,
      [`hawser_stream_frames_total{direction="to_upstream",opcode="pong",${ChatLabels}}`]: 0,
      [`hawser_stream_frames_total{direction="to_client",opcode="binary",${ChatLabels}}`]: 2,
      [`hawser_stream_frames_total{direction="to_client",opcode="pong",${ChatLabels}}`]: 1,
    };
    const open = Object.fromEntries(await scrape());
    expect(open).toMatchObject({ ...carried, [`hawser_streams_open{${ChatLabels}}`]: 1 });
    expect(Object.keys(open).filter((series) => series.startsWith("hawser_stream_closes_total{"))).toEqual([]);

    record.close({ initiator: "upstream", code: 4321, cause: "close-frame" });
    expect(Object.fromEntries(await scrape())).toMatchObject({
      ...carried,
      [`hawser_streams_open{${ChatLabels}}`]: 0,
      [`hawser_stream_closes_total{cause="close_frame",code="4xxx",initiator="upstream",${ChatLabels}}`]: 1,
    });
  });

  test("finds the durations of ended streams in their buckets", async () => {
    const { time, streams, scrape } = streamsUnderScrape();
    for (const seconds of [0.05, 59, 61, 200_000]) {
      time.now = 0;
      const record = streams.open(Chat);
      time.now = seconds * 1000;
      record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    }
    const exposition = await scrape();
    const upTo = (le: string) => sumOf(exposition, "hawser_stream_duration_seconds_bucket", { le });
    expect(["0.1", "30", "60", "120", "86400", "+Inf"].map(upTo)).toEqual([1, 1, 2, 3, 3, 4]);
    expect(sumOf(exposition, "hawser_stream_duration_seconds_sum")).toBeCloseTo(200_120.05);
  });
});

describe("messages, Pings and backpressure", () => {
  test("are told by route, of streams that live and of those that ended", async () => {
    const { streams, scrape } = streamsUnderScrape();
    for (const protocol of ["h1", "h2"] as const) {
      const record = streams.open({ ...Chat, protocol });
      countFrame(record.toUpstream, Opcode.Text);
      countFragment(record.toUpstream, true, 100);
      record.toClient.heldMs = 1_500;
      record.pingAnswered(30);
      if (protocol === "h2") record.close({ initiator: "client", code: 1000, cause: "close-frame" });
    }
    const exposition = await scrape();
    const of = (name: string, labels: Record<string, string>) => exposition.get(seriesOf(name, labels));
    const direction = "to_upstream";
    expect(of("hawser_stream_messages_total", { ...StreamLabels, protocol: "h1", direction })).toBe(1);
    expect(of("hawser_stream_messages_total", { ...StreamLabels, protocol: "h2", direction })).toBe(1);
    const upTo = (le: string) => of("hawser_message_bytes_bucket", { route: "chat", direction, le });
    expect(["64", "256", "+Inf"].map(upTo)).toEqual([0, 2, 2]);
    expect(of("hawser_message_bytes_sum", { route: "chat", direction })).toBe(200);
    expect(of("hawser_message_bytes_count", { route: "chat", direction: "to_client" })).toBe(0);
    expect(sumOf(exposition, "hawser_ping_rtt_seconds_bucket", { protocol: "h1", le: "0.02" })).toBe(0);
    expect(sumOf(exposition, "hawser_ping_rtt_seconds_bucket", { protocol: "h1", le: "0.05" })).toBe(1);
    const held = { route: "chat", protocol: "h2", direction: "to_client" };
    expect(of("hawser_backpressure_seconds_total", held)).toBe(1.5);
  });

  test("count the time that a sender is held back while it is", async () => {
    const { streams, scrape } = streamsUnderScrape();
    const { toClient } = streams.open(Chat);
    holdBack(toClient, performance.now() - 2_000);
    const held = async () => sumOf(await scrape(), "hawser_backpressure_seconds_total", { direction: "to_client" });
    const first = await held();
    expect(first).toBeGreaterThanOrEqual(2);
    expect(await held()).toBeGreaterThanOrEqual(first);
    goOn(toClient, performance.now());
    const last = await held();
    expect(await held()).toBe(last);
  });

  test("begin with zeros for the routes of the config, and leave with those that are forgotten", async () => {
    const { streams, scrape } = streamsUnderScrape();
    streams.know([Chat]);
    const begun = await scrape();
    const names = ["messages_total", "message_bytes_count", "ping_rtt_seconds_count", "backpressure_seconds_total"];
    const series = (name: string) => [...begun.keys()].filter((key) => key.includes(`${name}{`)).length;
    expect(names.map(series)).toEqual([4, 2, 2, 4]);
    // The last hundred that left keep their numbers.
    for (let at = 0; at <= 100; at++) streams.know([{ route: `next-${at}`, upstream: "backend" }]);
    streams.know([]);
    const left = [...(await scrape()).keys()];
    expect(left.filter((key) => key.includes('route="chat"'))).toEqual([]);
    expect(left.filter((key) => key.includes('route="next-0"'))).toEqual([]);
    expect(left.filter((key) => key.includes('route="next-1"'))).not.toEqual([]);
  });
});

const anyStep = fc.oneof(
  fc.record({
    type: fc.constant("open" as const),
    route: fc.constantFrom("chat", "feed"),
    protocol: fc.constantFrom("h1" as const, "h2" as const),
  }),
  fc.record({
    type: fc.constant("count" as const),
    stream: fc.nat(),
    way: fc.constantFrom("toUpstream" as const, "toClient" as const),
    opcode: fc.constantFrom("continuation" as const, "text" as const, "binary" as const, "ping" as const),
    bytes: fc.nat({ max: 100_000 }),
  }),
  fc.record({
    type: fc.constant("close" as const),
    stream: fc.nat(),
    code: fc.integer({ min: 1000, max: 4999 }),
    initiator: fc.constantFrom("client" as const, "upstream" as const, "gateway" as const),
    cause: fc.constantFrom(...CloseCauses),
  }),
  fc.record({ type: fc.constant("scrape" as const), wait: fc.nat({ max: 100_000 }) }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer One> ? One : never;

/** Plays steps, and keeps beside the registry the simplest possible account of them. */
class Account {
  readonly #records: StreamRecord[] = [];
  readonly #closed = new Set<StreamRecord>();
  readonly #streams: StreamRegistry;
  bytes = 0;
  frames = 0;

  constructor(streams: StreamRegistry) {
    this.#streams = streams;
  }

  get opened(): number {
    return this.#records.length;
  }

  get closed(): number {
    return this.#closed.size;
  }

  play(step: Exclude<Step, { type: "scrape" }>): void {
    if (step.type === "open") {
      const { route, protocol } = step;
      this.#records.push(this.#streams.open({ route, upstream: route, protocol, connectionId: 1, streamId: 0 }));
      return;
    }
    const record = this.#records[step.stream % this.#records.length];
    if (!record) return;
    if (step.type === "close") {
      record.close(step);
      this.#closed.add(record);
      return;
    }
    record[step.way].bytes += step.bytes;
    record[step.way][step.opcode] += 1;
    if (this.#closed.has(record)) return;
    this.bytes += step.bytes;
    this.frames += 1;
  }
}

/** The counters that are less now, or gone. */
function fallenBack(before: Exposition, now: Exposition): string[] {
  const counters = [...before].filter(([series]) => /^\w+_(total|bucket|sum|count)\b/.test(series));
  return counters.filter(([series, value]) => !((now.get(series) ?? -1) >= value)).map(([series]) => series);
}

test("however scrapes and closes fall, counters never go back and the sums are right", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
      const { time, streams, scrape } = streamsUnderScrape();
      const account = new Account(streams);
      let before: Exposition = new Map();
      for (const step of [...steps, { type: "scrape" as const, wait: 1 }]) {
        if (step.type !== "scrape") {
          account.play(step);
          continue;
        }
        time.now += step.wait;
        const now = await scrape();
        expect(fallenBack(before, now)).toEqual([]);
        before = now;
      }
      expect({
        opened: sumOf(before, "hawser_streams_opened_total"),
        open: sumOf(before, "hawser_streams_open"),
        closed: sumOf(before, "hawser_stream_closes_total"),
        timed: sumOf(before, "hawser_stream_duration_seconds_count"),
        bytes: sumOf(before, "hawser_stream_bytes_total"),
        frames: sumOf(before, "hawser_stream_frames_total"),
      }).toEqual({
        opened: account.opened,
        open: account.opened - account.closed,
        closed: account.closed,
        timed: account.closed,
        bytes: account.bytes,
        frames: account.frames,
      });
    }),
  );
});
