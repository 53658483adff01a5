import { beforeEach, expect, test } from "vitest";
import { JsonLines } from "../../../src/gateway/telemetry/json-lines.ts";
import { StreamRegistry, type StreamFacts } from "../../../src/gateway/telemetry/stream-registry.ts";
import { requestOutcome } from "../../support/request-outcome.ts";

const Now = Date.UTC(2026, 10, 25, 12, 3, 4, 512);
const Demo: StreamFacts = { route: "demo", upstream: "backend", protocol: "h2", connectionId: 3, streamId: 17 };

let written: string;
let lines: JsonLines;

beforeEach(() => {
  written = "";
  lines = new JsonLines((line) => void (written += line));
});

function record(facts: Partial<StreamFacts> = {}) {
  const stream = new StreamRegistry({ now: () => Now - 12_400.0004 }).open({ ...Demo, ...facts });
  Object.assign(stream.toUpstream, { bytes: 2150, text: 30, continuation: 5, ping: 3, close: 1 });
  Object.assign(stream.toClient, { bytes: 9000, binary: 1000, pong: 3 });
  return stream;
}

const Carried =
  '"durationMs":12400,"bytesToUpstream":2150,"messagesToUpstream":30,"framesToUpstream":39,"bytesToClient":9000,"messagesToClient":1000,"framesToClient":1003';
const Place = '"id":1,"route":"demo","upstream":"backend","protocol":"h2","connectionId":3,"streamId":17';
const refused = { route: "demo", protocol: "h2", result: "upstream_unreachable" } as const;

test.each<{ what: string; write: () => void; line: string }>([
  {
    what: "a stream that opened",
    write: () => lines.streamOpened(record(), 42, Now),
    line: `"event":"stream-opened",${Place},"openStreams":42`,
  },
  {
    what: "one over HTTP/1.1, which has no stream number",
    write: () => lines.streamOpened(record({ protocol: "h1", streamId: 0 }), 1, Now),
    line: '"event":"stream-opened","id":1,"route":"demo","upstream":"backend","protocol":"h1","connectionId":3,"openStreams":1',
  },
  {
    what: "one that is open still",
    write: () => lines.streamOpen(record(), Now),
    line: `"event":"stream-open",${Place},${Carried}`,
  },
  {
    what: "one that closed",
    write: () => lines.streamClosed(record(), { initiator: "client", code: 1001, cause: "close-frame" }, Now),
    line: `"event":"stream-closed",${Place},"initiator":"client","code":1001,"cause":"close-frame",${Carried}`,
  },
  {
    what: "an opening refused",
    write: () => lines.openingRefused({ ...refused, status: 502, seconds: 0.0123456, detail: "ECONNREFUSED" }, Now),
    line: '"event":"opening-refused","route":"demo","protocol":"h2","result":"upstream_unreachable","status":502,"durationMs":12.346,"detail":"ECONNREFUSED"',
  },
  {
    what: "an opening without a route or an answer",
    write: () => lines.openingRefused({ route: "", protocol: "h1", result: "client_left", status: 0 }, Now),
    line: '"event":"opening-refused","route":"none","protocol":"h1","result":"client_left"',
  },
  {
    what: "a request",
    write: () => lines.requestOver(requestOutcome({ upstream: "backend", bytesIn: 5 }), Now),
    line: '"event":"request","route":"page","upstream":"backend","protocol":"h2","method":"GET","status":200,"result":"answered","durationMs":30,"bytesIn":5,"bytesOut":2048',
  },
  {
    what: "a request that failed",
    write: () =>
      lines.requestOver(
        requestOutcome({ status: 502, result: "upstream_unreachable", bytesOut: 0, detail: "ECONNREFUSED" }),
        Now,
      ),
    line: '"event":"request","route":"page","protocol":"h2","method":"GET","status":502,"result":"upstream_unreachable","durationMs":30,"bytesIn":0,"bytesOut":0,"detail":"ECONNREFUSED"',
  },
  {
    what: "a request with a method of its own, whose client left",
    write: () =>
      lines.requestOver(requestOutcome({ route: "", method: "SECRET", status: 0, result: "client_left" }), Now),
    line: '"event":"request","route":"none","protocol":"h2","method":"other","result":"client_left","durationMs":30,"bytesIn":0,"bytesOut":2048',
  },
])("$what", ({ write, line }) => {
  write();
  expect(written).toBe(`{"level":"info","time":"2026-11-25T12:03:04.512Z",${line}}\n`);
});

test("a handler that failed, without the words of its failure", () => {
  lines.handlerFailed("demo", new TypeError("secret"), Now);
  const line: unknown = JSON.parse(written);
  expect(line).toEqual({
    level: "error",
    time: "2026-11-25T12:03:04.512Z",
    event: "handler-failed",
    route: "demo",
    stack: expect.stringMatching(/^TypeError\n {4}at /),
  });
});

test.each(["info", "warn", "error"] as const)(
  "an event of level %s: its words last, and nothing but its own time",
  (level) => {
    lines.event(level, 'a "quoted"\nword', { droppedLines: 5, names: ["a", "b"], left: undefined, time: "never" }, Now);
    expect(written).toBe(
      `{"level":"${level}","droppedLines":5,"names":["a","b"],"time":"2026-11-25T12:03:04.512Z","event":"process","msg":"a \\"quoted\\"\\nword"}\n`,
    );
  },
);
