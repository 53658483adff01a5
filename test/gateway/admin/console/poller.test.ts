import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Poller } from "../../../../src/gateway/admin/console/poller.ts";
import { Store } from "../../../../src/gateway/admin/console/store.ts";

/** A poller of one second that takes `answerMs` for each answer, and what it did. */
function polling({ answerMs = 100, isHeld = new Store(false) } = {}) {
  const log: string[] = [];
  let fault: string | undefined;
  const startedAt = Date.now();
  const note = (text: string): void => void log.push(`${Date.now() - startedAt} ${text}`);
  const load = async (): Promise<string> => {
    note("asks");
    await new Promise((resolve) => setTimeout(resolve, answerMs));
    if (fault !== undefined) throw new Error(fault);
    return "answer";
  };
  const poller = new Poller(
    { intervalMs: 1_000, load, onValue: note, onError: (error) => note(error instanceof Error ? error.message : "") },
    isHeld,
  );
  return { poller, log, isHeld, fail: (message: string | undefined) => void (fault = message) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a poller", () => {
  test("asks each second, one question at a time", async () => {
    const { log } = polling();
    await vi.advanceTimersByTimeAsync(2_150);
    expect(log).toEqual(["0 asks", "100 answer", "1000 asks", "1100 answer", "2000 asks", "2100 answer"]);
  });

  test("leaves one that is slow a rest between two answers", async () => {
    const { log } = polling({ answerMs: 3_000 });
    await vi.advanceTimersByTimeAsync(4_000);
    expect(log).toEqual(["0 asks", "3000 answer", "3250 asks"]);
  });

  test("waits longer after each error, up to five seconds, and no longer once it has an answer", async () => {
    const { log, fail } = polling({ answerMs: 0 });
    fail("gone");
    await vi.advanceTimersByTimeAsync(17_500);
    const asked = log
      .filter((line) => line.endsWith("asks"))
      .map((line) => Math.floor(Number.parseInt(line, 10) / 1_000));
    expect(asked).toEqual([0, 1, 3, 7, 12, 17]);
    fail(undefined);
    await vi.advanceTimersByTimeAsync(5_900);
    const seconds = log.slice(-4).map((line) => line.replace(/^(\d+)\d{3} /, "$1 "));
    expect(seconds).toEqual(["22 asks", "22 answer", "23 asks", "23 answer"]);
  });

  test("asks for nothing while it is held, and at once afterwards", async () => {
    const { log, isHeld } = polling();
    await vi.advanceTimersByTimeAsync(500);
    isHeld.set(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(log).toEqual(["0 asks", "100 answer"]);
    isHeld.set(false);
    expect(log.at(-1)).toBe("5500 asks");
  });

  test("asked while it asks, asks once more behind the answer", async () => {
    const { poller, log } = polling();
    await vi.advanceTimersByTimeAsync(50);
    poller.now();
    poller.now();
    await vi.advanceTimersByTimeAsync(200);
    expect(log).toEqual(["0 asks", "100 answer", "101 asks", "201 answer"]);
  });

  test("that is stopped tells nothing more", async () => {
    const { poller, log, isHeld } = polling();
    await vi.advanceTimersByTimeAsync(50);
    poller.stop();
    isHeld.set(true);
    isHeld.set(false);
    poller.now();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(log).toEqual(["0 asks"]);
  });
});
