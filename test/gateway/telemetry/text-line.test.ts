import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { closedLine, eventLine, openedLine, refusedLine } from "../../../src/gateway/telemetry/text-line.ts";
import { StreamRegistry, type StreamFacts, type StreamRecord } from "../../../src/gateway/telemetry/stream-registry.ts";

/** 12:03:04.512 wherever this runs: lines show local time. */
const Now = new Date(2026, 10, 25, 12, 3, 4, 512).getTime();
const Demo: StreamFacts = { route: "demo", upstream: "demo", protocol: "h2", connectionId: 3, streamId: 17 };

function record(facts: Partial<StreamFacts> = {}, { ageMs = 12_400 } = {}): StreamRecord {
  return new StreamRegistry({ now: () => Now - ageMs }).open({ ...Demo, ...facts });
}

const Normal = { initiator: "client", code: 1000, cause: "close-frame" } as const;

describe("a line", () => {
  test("of each kind reads like this", () => {
    const streams = [
      record(),
      record({ route: "a-long-route", protocol: "h1", connectionId: 1024, streamId: 0 }),
    ] as const;
    Object.assign(streams[0].toUpstream, { bytes: 2150, text: 30, ping: 3, close: 1 });
    Object.assign(streams[0].toClient, { bytes: 5 * 1024 ** 2, binary: 1000, continuation: 200, pong: 3, close: 1 });
    const lines = [
      openedLine(streams[0], 42, Now),
      openedLine(streams[1], 43, Now),
      closedLine(streams[0], Normal, Now),
      closedLine(streams[1], { initiator: "upstream", code: 1006, cause: "end-without-close" }, Now),
      refusedLine(
        { route: "demo", protocol: "h2", result: "upstream_unreachable", status: 502, detail: "ECONNREFUSED" },
        Now,
      ),
      refusedLine({ route: "", protocol: "h1", result: "no_route", status: 404 }, Now),
      refusedLine({ route: "demo", protocol: "h2", result: "client_left", status: 0 }, Now),
    ];
    expect(`\n${lines.join("\n")}\n`).toBe(`
12:03:04.512 + demo         h2 connection    3 stream    17  → demo  (open 42)
12:03:04.512 + a-long-route h1 connection 1024               → demo  (open 43)
12:03:04.512 - demo         h2 connection    3 stream    17  client 1000 close-frame            12.4 s  ↑     34 frames    2.1 KiB  ↓   1204 frames    5.0 MiB
12:03:04.512 - a-long-route h1 connection 1024               upstream 1006 end-without-close    12.4 s  ↑      0 frames        0 B  ↓      0 frames        0 B
12:03:04.512 × demo         h2 refused 502 upstream_unreachable  (ECONNREFUSED)
12:03:04.512 × none         h1 refused 404 no_route
12:03:04.512 × demo         h2 client_left
`);
  });

  test.each([
    { ageMs: 0, text: " 0 ms " },
    { ageMs: 999, text: " 999 ms " },
    { ageMs: 59_940, text: " 59.9 s " },
    { ageMs: 60_000, text: " 1.0 min " },
    { ageMs: 3_600_000, text: " 1.0 h " },
    { ageMs: 90 * 60_000, text: " 1.5 h " },
  ])("tells an age of $ageMs ms as$text", ({ ageMs, text }) => {
    expect(closedLine(record({}, { ageMs }), Normal, Now)).toContain(text);
  });

  test.each([
    { bytes: 1023, text: " 1023 B" },
    { bytes: 1024, text: " 1.0 KiB" },
    { bytes: 1024 ** 2 - 1, text: " 1024.0 KiB" },
    { bytes: 1024 ** 2, text: " 1.0 MiB" },
    { bytes: 3.5 * 1024 ** 3, text: " 3.5 GiB" },
    { bytes: 2048 * 1024 ** 4, text: " 2048.0 TiB" },
  ])("tells $bytes bytes as$text", ({ bytes, text }) => {
    const stream = record();
    stream.toClient.bytes = bytes;
    expect(closedLine(stream, Normal, Now)).toMatch(new RegExp(`${text}$`));
  });
});

describe("colours", () => {
  const stream = record();
  const draw = (colour: boolean): string[] => [
    openedLine(stream, 1, Now, { colour }),
    closedLine(stream, Normal, Now, { colour }),
    closedLine(stream, { ...Normal, code: 1006 }, Now, { colour }),
    refusedLine({ route: "demo", protocol: "h2", result: "draining", status: 503 }, Now, { colour }),
  ];

  test("are drawn on demand and change no character", () => {
    const coloured = draw(true);
    expect(coloured.map(stripVTControlCharacters)).toEqual(draw(false));
    expect(coloured.every((line) => line.includes("\u001b["))).toBe(true);
    expect(draw(false).join("")).not.toContain("\u001b");
  });

  test.each([
    { code: 1000, yellow: false },
    { code: 1001, yellow: false },
    { code: 1005, yellow: false },
    { code: 1006, yellow: true },
    { code: 1011, yellow: true },
    { code: 4000, yellow: true },
  ])("mark a close with $code: $yellow", ({ code, yellow }) => {
    expect(closedLine(stream, { ...Normal, code }, Now, { colour: true }).includes("\u001b[33m-")).toBe(yellow);
  });
});

test("what a process prints cannot move the cursor of a terminal, nor turn its colours", () => {
  const line = "upstream chat: \u001b[2J\r09:00 all is well\u009b1m\u202e\nnext\tcell";
  expect(eventLine("info", line)).toBe(
    String.raw`upstream chat: \u001b[2J\u000d09:00 all is well\u009b1m\u202e` + "\nnext\tcell",
  );
});
