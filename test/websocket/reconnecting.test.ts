import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ErrorCode, WebSocketError } from "../../src/protocol/errors.ts";
import { createMemoryPair } from "../../src/transport/memory-byte-stream.ts";
import { WebSocketConnection } from "../../src/websocket/connection.ts";
import { isWorthRetrying, reconnecting, type ReconnectOptions } from "../../src/websocket/reconnecting.ts";
import { askedFor } from "../support/asked-for.ts";
import { Peer, settled } from "../support/websocket-peer.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

const unreachable = new WebSocketError("WS_UNREACHABLE", "nobody there", { origin: "transport" });

function refused(status: number, fields: readonly string[] = []): WebSocketError {
  return new WebSocketError("WS_OPENING_REFUSED", "no", { response: { status, fields, body: "" } });
}

/** Something that reconnects in memory: each attempt gives the next of `outcomes`, the last one again and again. */
function reconnectingTo(outcomes: readonly (Error | "open")[], options: ReconnectOptions = {}, signal?: AbortSignal) {
  const peers: Peer[] = [];
  const told: string[] = [];
  let attempts = 0;
  const connect: ReconnectOptions["connect"] = () => {
    const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)]!;
    if (outcome !== "open") return Promise.reject(outcome);
    const { near, far } = createMemoryPair();
    peers.push(new Peer(far, "server"));
    const connection = {
      role: "client",
      request: askedFor(),
      subprotocol: undefined,
      pingIntervalMs: Infinity,
    } as const;
    return Promise.resolve(new WebSocketConnection<unknown>(near, connection));
  };
  const iterator = reconnecting("ws://a/", {
    signal,
    reconnect: {
      random: () => 0.5,
      onRetry: ({ type }, waitMs) => told.push(`${type}, ${waitMs}`),
      ...options,
      connect,
    },
  });
  return {
    peers,
    told,
    iterator,
    get attempts() {
      return attempts;
    },
  };
}

describe("between two attempts that fail", () => {
  test("a random part of a time passes that doubles, up to its most", async () => {
    const { iterator, told } = reconnectingTo([unreachable], { minMs: 100, maxMs: 1_000 });
    const next = iterator.next();
    for (const waitMs of [50, 100, 200, 400, 500, 500]) {
      await settled();
      expect(told.splice(0)).toEqual([`failed, ${waitMs}`]);
      vi.advanceTimersByTime(waitMs - 1);
      await settled();
      expect(told).toEqual([]);
      vi.advanceTimersByTime(1);
    }
    void next;
  });

  test.each([
    { random: 0, waitMs: 0 },
    { random: 0.999, waitMs: 499.5 },
  ])("it is $waitMs ms of the 500 at $random", async ({ random, waitMs }) => {
    const { iterator, told } = reconnectingTo([unreachable], { random: () => random });
    void iterator.next();
    await settled();
    expect(told).toEqual([`failed, ${waitMs}`]);
  });

  test.each([
    { what: "in seconds", status: 503, value: "7", waitMs: 7_250 },
    { what: "as a date", status: 429, value: "Thu, 01 Jan 2026 00:00:09 GMT", waitMs: 9_250 },
    { what: "as a date that is over", status: 503, value: "Thu, 01 Jan 2025 00:00:00 GMT", waitMs: 250 },
    { what: "beyond what is heeded", status: 503, value: "86400", waitMs: 30_250 },
    { what: "as nothing", status: 503, value: "soon", waitMs: 250 },
    { what: "below zero", status: 503, value: "-5", waitMs: 250 },
  ])("as long as the server asks for passes as well: $what", async ({ status, value, waitMs }) => {
    vi.setSystemTime(new Date("2026-01-01T00:00:00Z"));
    const { iterator, told } = reconnectingTo([refused(status, ["retry-after", value])]);
    void iterator.next();
    await settled();
    expect(told).toEqual([`failed, ${waitMs}`]);
  });
});

describe("the connections", () => {
  test("come one after the other, the next when the last has ended", async () => {
    const it = reconnectingTo(["open"], { minMs: 100 });
    const first = await it.iterator.next();
    const second = it.iterator.next();
    await settled();
    expect(it.attempts).toBe(1);
    it.peers[0]!.close(1012, "come again");
    await settled();
    expect(it.told).toEqual(["closed, 50"]);
    vi.advanceTimersByTime(50);
    const { value, done } = await second;
    expect({ done, isNew: value !== first.value, attempts: it.attempts }).toEqual({
      done: false,
      isNew: true,
      attempts: 2,
    });
  });

  test.each([
    { what: "shortly", livedMs: 9_999, waitMs: 200 },
    { what: "for a while", livedMs: 10_000, waitMs: 50 },
  ])("that have lived $what let the time begin anew, or not", async ({ livedMs, waitMs }) => {
    const it = reconnectingTo([unreachable, unreachable, "open"], { minMs: 100, stableMs: 10_000 });
    const opening = it.iterator.next();
    for (const wait of [50, 100]) {
      await settled();
      vi.advanceTimersByTime(wait);
    }
    await opening;
    vi.advanceTimersByTime(livedMs);
    it.peers[0]!.stream.abort("cancel");
    // However late it is asked for.
    await settled();
    vi.advanceTimersByTime(60_000);
    void it.iterator.next();
    await settled();
    expect(it.told.at(-1)).toBe(`closed, ${waitMs}`);
  });

  test("are closed with 1000 when the loop is left, and no other is opened", async () => {
    const it = reconnectingTo(["open"]);
    for await (const connection of it.iterator) {
      expect(connection.state).toBe("open");
      break;
    }
    await settled();
    expect(it.peers[0]!.heard).toEqual(["Close 1000"]);
    vi.advanceTimersByTime(120_000);
    await settled();
    expect(it.attempts).toBe(1);
  });

  test("are closed with 1000 when the loop fails", async () => {
    const it = reconnectingTo(["open"]);
    const failing = (async () => {
      for await (const connection of it.iterator) throw new Error(connection.state);
    })();
    await expect(failing).rejects.toThrow("open");
    await settled();
    expect(it.peers[0]!.heard).toEqual(["Close 1000"]);
  });
});

describe("a signal", () => {
  test("ends the wait with its reason, and no timer is left", async () => {
    const aborting = new AbortController();
    const it = reconnectingTo([unreachable], {}, aborting.signal);
    const next = it.iterator.next();
    await settled();
    expect(vi.getTimerCount()).toBe(1);
    aborting.abort("enough");
    await expect(next).rejects.toBe("enough");
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
    expect(await it.iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("closes the connection of its time with 1000", async () => {
    const aborting = new AbortController();
    const it = reconnectingTo(["open"], {}, aborting.signal);
    await it.iterator.next();
    const next = it.iterator.next();
    aborting.abort("enough");
    await settled();
    expect(it.peers[0]!.heard).toEqual(["Close 1000"]);
    it.peers[0]!.close(1000);
    await expect(next).rejects.toBe("enough");
    expect(getEventListeners(aborting.signal, "abort")).toEqual([]);
  });

  test("that has aborted while one was opened ends it", async () => {
    const aborting = new AbortController();
    const it = reconnectingTo([unreachable], {}, aborting.signal);
    aborting.abort("enough");
    await expect(it.iterator.next()).rejects.toBe("enough");
    expect(it.told).toEqual([]);
  });
});

describe("another attempt", () => {
  test.each<{ status: number; worth: boolean }>([
    { status: 400, worth: false },
    { status: 401, worth: false },
    { status: 403, worth: false },
    { status: 404, worth: false },
    { status: 408, worth: true },
    { status: 426, worth: false },
    { status: 429, worth: true },
    { status: 500, worth: true },
    { status: 502, worth: true },
    { status: 503, worth: true },
  ])("behind a $status is worth it: $worth", ({ status, worth }) => {
    expect(isWorthRetrying({ type: "failed", error: refused(status) })).toBe(worth);
  });

  test.each<{ code: ErrorCode; worth: boolean }>([
    { code: "WS_UNREACHABLE", worth: true },
    { code: "WS_OPENING_TIMEOUT", worth: true },
    { code: "WS_OPENING_INVALID", worth: true },
    { code: "WS_URL_INVALID", worth: false },
    { code: "WS_TLS_FAILED", worth: false },
    { code: "WS_HTTP2_UNAVAILABLE", worth: false },
    { code: "WS_REDIRECTED", worth: false },
    { code: "WS_NOT_OPEN", worth: false },
    { code: "WS_EXTENSION_MISSING", worth: false },
    { code: "WS_EXTENSION_NOT_OFFERED", worth: false },
    { code: "WS_EXTENSION_UNACCEPTABLE", worth: false },
  ])("behind $code is worth it: $worth", ({ code, worth }) => {
    expect(isWorthRetrying({ type: "failed", error: new WebSocketError(code, "x") })).toBe(worth);
  });

  test("behind a refusal of the proxy is worth it as behind one of the server", () => {
    const response = { status: 407, fields: [], body: "" };
    expect(isWorthRetrying({ type: "failed", error: new WebSocketError("WS_PROXY_REFUSED", "x", { response }) })).toBe(
      false,
    );
  });

  test("behind what is a mistake of the caller is not worth it", () => {
    expect(isWorthRetrying({ type: "failed", error: new TypeError("x") })).toBe(false);
  });

  test.each([
    { code: 1000, worth: false },
    { code: 1001, worth: true },
    { code: 1002, worth: false },
    { code: 1003, worth: false },
    { code: 1005, worth: true },
    { code: 1006, worth: true },
    { code: 1007, worth: false },
    { code: 1008, worth: false },
    { code: 1009, worth: false },
    { code: 1010, worth: false },
    { code: 1011, worth: true },
    { code: 1012, worth: true },
    { code: 1013, worth: true },
    { code: 4000, worth: true },
  ])("behind a WebSocket that ended with $code is worth it: $worth", async ({ code, worth }) => {
    const it = reconnectingTo(["open"]);
    await it.iterator.next();
    let isDone: boolean | undefined = false;
    void it.iterator.next().then(({ done }) => (isDone = done));
    if (code === 1006) it.peers[0]!.stream.abort("cancel");
    else it.peers[0]!.close(...(code === 1005 ? [] : [code]));
    await settled();
    expect({ retries: it.told.length, isDone }).toEqual({ retries: worth ? 1 : 0, isDone: !worth });
  });

  test("that is not worth it throws the error of the opening", async () => {
    const error = refused(404);
    const it = reconnectingTo([error]);
    await expect(it.iterator.next()).rejects.toBe(error);
    expect({ attempts: it.attempts, told: it.told }).toEqual({ attempts: 1, told: [] });
  });

  test("is made as the application says", async () => {
    const reasons: string[] = [];
    const shouldRetry: ReconnectOptions["shouldRetry"] = ({ type }) => reasons.push(type) < 3;
    const it = reconnectingTo([refused(404)], { shouldRetry, minMs: 1 });
    const next = it.iterator.next().catch((error: unknown) => error);
    for (let round = 0; round < 3; round++) {
      await settled();
      vi.advanceTimersByTime(10);
    }
    expect(await next).toMatchObject({ code: "WS_OPENING_REFUSED" });
    expect(it.attempts).toBe(3);
  });
});
