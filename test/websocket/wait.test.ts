import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Wait } from "../../src/websocket/wait.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a wait", () => {
  test("settled in time leaves no timer and no listener behind", async () => {
    const abort = new AbortController();
    const remove = vi.spyOn(abort.signal, "removeEventListener");
    const resolved = new Wait<string>({ signal: abort.signal, timeoutMs: 10 }, () => expect.fail("not given up"));
    const rejected = new Wait<string>({ signal: abort.signal, timeoutMs: 10 }, () => expect.fail("not given up"));
    resolved.resolve("here");
    rejected.reject(new Error("not here"));
    expect(await resolved.promise).toBe("here");
    await expect(rejected.promise).rejects.toThrow("not here");
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).toHaveBeenCalledTimes(2);
    abort.abort();
  });

  test("that gives up says so once, whichever comes first", async () => {
    let givenUp = 0;
    const abort = new AbortController();
    const wait = new Wait<string>({ signal: abort.signal, timeoutMs: 10 }, () => givenUp++);
    abort.abort(new Error("enough"));
    vi.advanceTimersByTime(100);
    await expect(wait.promise).rejects.toThrow("enough");
    expect(givenUp).toBe(1);
  });

  test("for ever has no timer", () => {
    const wait = new Wait<string>({ timeoutMs: Infinity }, () => expect.fail("not given up"));
    expect(vi.getTimerCount()).toBe(0);
    wait.resolve("");
  });
});
