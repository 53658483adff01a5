import { beforeEach, describe, expect, test } from "vitest";
import { HeaderBlockWatch, LooksPerDeadline } from "../../src/transport/header-block-watch.ts";

const DeadlineMs = 1_000;
const LookMs = DeadlineMs / LooksPerDeadline;
const PingBytes = 17;

/** A connection whose bytes and answers the test makes, looked at in time. */
class Clocked {
  bytesRead = 0;
  bytesWritten = 0;
  dataReceived = 0;
  pings = 0;
  nowMs = 0;
  #onAnswer: (() => void) | undefined;
  readonly #watch = new HeaderBlockWatch(this, DeadlineMs);

  ping(onAnswer: () => void): void {
    this.pings++;
    this.bytesWritten += PingBytes;
    this.#onAnswer = onAnswer;
  }

  /** The client's answer, with `more` bytes in the same read. */
  answer(more = 0): void {
    this.bytesRead += PingBytes + more;
    this.#onAnswer?.();
  }

  /** Lets time pass and looks, doing `each` before every look. Returns when it was stuck, if it was. */
  pass(timeMs: number, each: () => void = () => undefined): number | undefined {
    for (const end = this.nowMs + timeMs; this.nowMs < end;) {
      this.nowMs += LookMs;
      each();
      if (this.#watch.isStuck(this.nowMs)) return this.nowMs;
    }
    return undefined;
  }
}

let connection: Clocked;
beforeEach(() => {
  connection = new Clocked();
});

describe("a watch for header blocks", () => {
  test("leaves a connection alone on which nothing comes", () => {
    expect(connection.pass(100_000)).toBeUndefined();
    expect(connection.pings).toBe(0);
  });

  test("asks once for what came, and not again", () => {
    connection.bytesRead = 60;
    connection.pass(LookMs);
    connection.answer();
    expect(connection.pass(100_000)).toBeUndefined();
    expect(connection.pings).toBe(1);
  });

  test("asks again where something came with the answer", () => {
    connection.bytesRead = 60;
    connection.pass(LookMs);
    connection.answer(5);
    expect(connection.pass(100_000)).toBeDefined();
    expect(connection.pings).toBe(2);
  });

  test.each([
    { client: "silent behind its first bytes", bytes: 0 },
    { client: "dribbling", bytes: 1 },
    { client: "fast", bytes: 1_000_000 },
  ])("finds a block of a $client client, at most two looks late", ({ bytes }) => {
    connection.bytesRead = 9;
    const stuckAtMs = connection.pass(100_000, () => (connection.bytesRead += bytes));
    expect(stuckAtMs).toBe(DeadlineMs + 2 * LookMs);
  });

  test.each(["dataReceived", "bytesWritten"] as const)(
    "bears with a late answer while %s goes on, and finds the block behind that",
    (figure) => {
      connection.bytesRead = 9;
      const busy = connection.pass(60_000, () => {
        connection.bytesRead += 100;
        connection[figure] += 100;
      });
      expect(busy).toBeUndefined();
      expect(connection.pass(100_000, () => (connection.bytesRead += 1))).toBe(60_000 + DeadlineMs);
    },
  );
});
