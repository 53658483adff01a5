import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocketError } from "../../src/protocol/errors.ts";
import type { WebSocketConnection } from "../../src/websocket/connection.ts";
import { reconnecting, type ReconnectOptions, type ReconnectReason } from "../../src/websocket/reconnecting.ts";
import { connectionPair } from "../support/connection-pair.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

type Attempt = { readonly closes: number } | { readonly fails: unknown };

function refusal(status: number, fields: readonly string[] = []): WebSocketError {
  return new WebSocketError("WS_OPENING_REFUSED", "refused", { response: { status, fields, body: "" } });
}

/** What a run of attempts came to: connections given, waits between them, and how it ended. */
async function runOf(attempts: readonly Attempt[], options: ReconnectOptions = {}, livedMs = 0) {
  const waits: number[] = [];
  const reasons: ReconnectReason["type"][] = [];
  let next = 0;
  let given = 0;
  const reconnect: ReconnectOptions = {
    random: () => 1,
    onRetry: ({ type }, waitMs) => {
      waits.push(waitMs);
      reasons.push(type);
    },
    connect: async () => {
      const attempt = attempts[next++] ?? { closes: 1000 };
      if ("fails" in attempt) throw attempt.fails;
      const { client, server } = connectionPair();
      setTimeout(() => void server.close(attempt.closes), livedMs);
      return client;
    },
    ...options,
  };
  const run = (async () => {
    for await (const connection of reconnecting("ws://localhost/", { reconnect })) {
      given++;
      await connection.closed;
    }
  })().then(
    () => "ended",
    (error: unknown) => error,
  );
  await vi.runAllTimersAsync();
  return { given, waits, reasons, end: await run, attempts: next };
}

describe("reconnecting", () => {
  test("gives one connection after the other, and ends behind a Close with 1000", async () => {
    const run = await runOf([{ closes: 1012 }, { closes: 1001 }, { closes: 1000 }]);
    expect(run).toMatchObject({ given: 3, waits: [500, 1_000], end: "ended" });
  });

  test("waits up to twice as long after each failure, and never longer than maxMs", async () => {
    const down = new WebSocketError("WS_UNREACHABLE", "down", { origin: "transport" });
    const { waits } = await runOf(
      Array.from({ length: 6 }, () => ({ fails: down })),
      { minMs: 100, maxMs: 1_000 },
    );
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test("waits for a random part of that", async () => {
    const { waits } = await runOf([{ closes: 1012 }, { closes: 1012 }], { random: () => 0.25 });
    expect(waits).toEqual([125, 250]);
  });

  test("begins anew behind a WebSocket that was open for stableMs", async () => {
    const { waits } = await runOf([{ closes: 1012 }, { closes: 1012 }, { closes: 1012 }], { stableMs: 5_000 }, 6_000);
    expect(waits).toEqual([500, 500, 500]);
  });

  test.each([
    { text: "7", waitMs: 7_500 },
    { text: "86400", waitMs: 30_500 },
    { text: "soon", waitMs: 500 },
  ])("heeds Retry-After: $text, up to maxMs, and spreads those who wait for it", async ({ text, waitMs }) => {
    const { waits } = await runOf([{ fails: refusal(503, ["retry-after", text]) }]);
    expect(waits).toEqual([waitMs]);
  });

  test("heeds a Retry-After that is a date", async () => {
    const date = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 4_000).toUTCString();
    const { waits } = await runOf([{ fails: refusal(429, ["retry-after", date]) }]);
    expect(waits[0]).toBeGreaterThanOrEqual(4_500);
    expect(waits[0]).toBeLessThanOrEqual(5_500);
  });

  test.each([1002, 1003, 1007, 1008, 1009, 1010])("ends behind a Close with %i", async (closes) => {
    expect(await runOf([{ closes }])).toMatchObject({ given: 1, waits: [], end: "ended" });
  });

  test.each([1001, 1011, 1012, 1013, 1014, 3000, 4999])("goes on behind a Close with %i", async (closes) => {
    expect(await runOf([{ closes }])).toMatchObject({ given: 2, waits: [500] });
  });

  test.each([400, 401, 403, 404, 426])("throws what an opening is refused with: %i", async (status) => {
    const error = refusal(status);
    expect(await runOf([{ fails: error }])).toMatchObject({ given: 0, waits: [], end: error });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])("tries again behind a refusal with %i", async (status) => {
    expect(await runOf([{ fails: refusal(status) }])).toMatchObject({ given: 1, reasons: ["failed"], end: "ended" });
  });

  test.each(["WS_URL_INVALID", "WS_TLS_FAILED", "WS_HTTP2_UNAVAILABLE", "WS_REDIRECTED"] as const)(
    "throws %s, which time does not mend",
    async (code) => {
      const error = new WebSocketError(code, "so it is");
      expect(await runOf([{ fails: error }])).toMatchObject({ waits: [], end: error });
    },
  );

  test("asks shouldRetry, and throws an error that is none of the catalogue", async () => {
    const error = new TypeError("invalid field line");
    expect(await runOf([{ fails: error }])).toMatchObject({ end: error, attempts: 1 });
    expect(await runOf([{ fails: error }], { shouldRetry: ({ type }) => type === "failed" })).toMatchObject({
      given: 1,
      end: "ended",
    });
  });
});

test("leaving the loop closes the connection with 1000", async () => {
  const { client, server } = connectionPair();
  for await (const connection of reconnecting("ws://localhost/", { reconnect: { connect: async () => client } })) {
    expect(connection.state).toBe("open");
    break;
  }
  expect(await server.closed).toMatchObject({ code: 1000, initiator: "peer", clean: true });
});

test("its signal ends a wait with its reason, and closes what is open", async () => {
  const aborting = new AbortController();
  const down = new WebSocketError("WS_UNREACHABLE", "down", { origin: "transport" });
  const waiting = firstOf({ signal: aborting.signal, connect: () => Promise.reject(down) });
  await vi.advanceTimersByTimeAsync(100);
  aborting.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");

  const { client, server } = connectionPair();
  const later = new AbortController();
  const reconnect: ReconnectOptions = { connect: async () => client };
  const open = (async () => {
    for await (const connection of reconnecting("ws://localhost/", { signal: later.signal, reconnect })) {
      later.abort(new Error("enough"));
      await connection.closed;
    }
  })();
  await expect(open).rejects.toThrow("enough");
  expect(await server.closed).toMatchObject({ code: 1000 });
});

async function firstOf({
  signal,
  connect,
}: {
  readonly signal: AbortSignal;
  readonly connect: () => Promise<WebSocketConnection>;
}): Promise<void> {
  for await (const _ of reconnecting("ws://localhost/", { signal, reconnect: { connect, random: () => 1 } })) return;
}
