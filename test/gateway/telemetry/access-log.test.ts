import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccessLog } from "../../../src/gateway/telemetry/access-log.ts";
import { StreamRegistry } from "../../../src/gateway/telemetry/stream-registry.ts";
import { eventsOf, recordingLog } from "../../support/recording-log.ts";
import { requestOutcome } from "../../support/request-outcome.ts";

const Facts = { route: "chat", upstream: "backend", protocol: "h2", connectionId: 1, streamId: 1 } as const;
const Normal = { initiator: "client", code: 1000, cause: "close-frame" } as const;

describe("each line", () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date(2026, 10, 25, 12, 3, 4, 512) }));
  afterEach(() => void vi.useRealTimers());

  /** One of each, over a log in `format`. */
  async function tellAll(format: "json" | "text"): Promise<readonly string[]> {
    const lines: string[] = [];
    const log = recordingLog(lines, { format, now: () => Date.now() });
    const streams = new StreamRegistry({ now: () => Date.now() });
    streams.observe(log);
    log.follow({ format: "auto", openStreamMs: 60_000, requests: true });
    const record = streams.open(Facts);
    Object.assign(record.toClient, { bytes: 7, text: 1 });
    vi.advanceTimersByTime(60_000);
    record.close(Normal);
    log.openingRefused({ route: "", protocol: "h1", result: "no_route", status: 404 });
    log.request(requestOutcome({ upstream: "backend" }));
    log.request(requestOutcome({ method: "SECRET", status: 0, result: "client_left", bytesIn: 5 }));
    log.event("info", "listening main https://127.0.0.1:8443");
    log.event("warn", "a certificate ends soon");
    log.event("error", "config refused");
    await log.close();
    expect(vi.getTimerCount()).toBe(0);
    return lines;
  }

  test.each([
    { format: "text", start: /^\[2\] / },
    { format: "json", start: /^\{"level":"info","worker":2,/ },
  ] as const)("of a worker says its number in $format, and one that is passed on stays as it is", async (one) => {
    const lines: string[] = [];
    const log = recordingLog(lines, { format: one.format, worker: 2 });
    log.event("info", "draining");
    log.request(requestOutcome());
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(one.start);
    log.pass("as it is\n");
    expect(lines[2]).toBe("as it is");
    await log.close();
  });

  test("reads like this in text", async () => {
    expect(`\n${(await tellAll("text")).join("\n")}\n`).toBe(`
12:03:04.512 + chat         h2 connection    1 stream     1  → backend  (open 1)
12:04:04.512 = chat         h2 connection    1 stream     1  still open                        1.0 min  ↑      0 frames        0 B  ↓      1 frames        7 B
12:04:04.512 - chat         h2 connection    1 stream     1  client 1000 close-frame           1.0 min  ↑      0 frames        0 B  ↓      1 frames        7 B
12:04:04.512 × none         h1 refused 404 no_route
12:04:04.512 · page         h2 GET 200 answered  → backend  30 ms  ↑ 0 B ↓ 2.0 KiB
12:04:04.512 · page         h2 other client_left  30 ms  ↑ 5 B ↓ 2.0 KiB
listening main https://127.0.0.1:8443
warning: a certificate ends soon
error: config refused
`);
  });

  test("has its event and level in JSON", async () => {
    expect(eventsOf(await tellAll("json")).map(({ level, event }) => `${String(level)} ${String(event)}`)).toEqual([
      "info stream-opened",
      "info stream-open",
      "info stream-closed",
      "info opening-refused",
      "info request",
      "info request",
      "info process",
      "warn process",
      "error process",
    ]);
  });
});

test("follows the rules of the config that is in force", () => {
  const lines: string[] = [];
  const log = recordingLog(lines);
  log.request(requestOutcome());
  log.follow({ format: "auto", openStreamMs: undefined, requests: false });
  log.request(requestOutcome());
  log.event("info", "still heard");
  log.follow({ format: "json", openStreamMs: undefined, requests: true });
  log.request(requestOutcome());
  log.follow({ format: "auto", openStreamMs: undefined, requests: true });
  log.request(requestOutcome());
  expect(lines).toEqual([
    expect.stringContaining("GET 200"),
    "still heard",
    expect.stringContaining('"method":"GET","status":200'),
    expect.stringContaining("GET 200"),
  ]);
});

test("tells how many streams are open", () => {
  const lines: string[] = [];
  const log = recordingLog(lines, { format: "json" });
  const streams = new StreamRegistry();
  streams.observe(log);
  const [first] = [streams.open(Facts), streams.open(Facts)];
  first?.close(Normal);
  streams.open(Facts);
  expect(eventsOf(lines).flatMap(({ openStreams }) => openStreams ?? [])).toEqual([1, 2, 2]);
});

test.each([
  { format: "json", notice: '"event":"process","msg":"lines that nobody read in time: 3"}' },
  { format: "text", notice: "warning: lines that nobody read in time: 3" },
] as const)("a reader that is too slow misses $format lines, which are counted and told", ({ format, notice }) => {
  const output = {
    writableLength: 0,
    text: "",
    write: (text: string) => void (output.text += text),
    on: () => undefined,
  };
  const log = new AccessLog({ format, output });
  output.writableLength = 2 ** 21;
  for (let i = 0; i < 3; i++) log.event("info", "lost");
  output.writableLength = 0;
  log.event("info", "heard");
  expect(log.droppedLines).toBe(3);
  expect(output.text.split("\n")).toEqual([expect.stringContaining(notice), expect.stringContaining("heard"), ""]);
});

test.each(["json", "text"] as const)("100 000 streams and requests in %s leave nothing behind in memory", (format) => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: unknown = runInNewContext("gc");
  const heldAfter = (count: number): number => {
    for (let i = 0; i < count; i++) {
      streams.open(Facts).close(Normal);
      log.request(requestOutcome({ seconds: i / 1000 }));
    }
    if (typeof collectGarbage === "function") collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  let bytes = 0;
  const log = new AccessLog({ format, output: { write: (text) => void (bytes += text.length), on: () => undefined } });
  const streams = new StreamRegistry();
  streams.observe(log);
  log.follow({ format: "auto", openStreamMs: 300_000, requests: true });
  const before = heldAfter(10_000);
  const after = heldAfter(100_000);
  expect(bytes).toBeGreaterThan(110_000 * 3 * 60);
  expect(after - before).toBeLessThan(1_000_000);
  void log.close();
});
