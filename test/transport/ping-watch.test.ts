import { beforeEach, describe, expect, test } from "vitest";
import { LooksPerDeadline, PingWatch, type Finding } from "../../src/transport/ping-watch.ts";

const headersMs = 1_000;
const idleConnectionMs = 20_000;
const LookMs = headersMs / LooksPerDeadline;
const PingBytes = 17;
/** How long a silent client with open streams is borne. */
const SilenceMs = 6 * headersMs;

/** A connection whose bytes and answers the test makes, looked at in time. */
class Clocked {
  bytesRead = 0;
  bytesWritten = 0;
  dataReceived = 0;
  openStreams = 1;
  isLeaving = false;
  pings = 0;
  nowMs = 0;
  #onAnswer: (() => void) | undefined;
  readonly #watch = new PingWatch(this, { headersMs, idleConnectionMs });

  ping(onAnswer: () => void): void {
    this.pings++;
    this.bytesWritten += PingBytes;
    this.#onAnswer = onAnswer;
  }

  /** The client's answer, if it was asked, with `more` bytes in the same read. */
  answer(more = 0): void {
    if (this.#onAnswer === undefined) return;
    this.bytesRead += PingBytes + more;
    this.#onAnswer();
    this.#onAnswer = undefined;
  }

  /** Lets time pass and looks, doing `each` before every look, until something is found. */
  pass(timeMs: number, each: () => void = () => undefined): { finding: Finding; atMs: number } {
    for (const end = this.nowMs + timeMs; this.nowMs < end;) {
      this.nowMs += LookMs;
      each();
      const finding = this.#watch.look(this.nowMs);
      if (finding !== "well") return { finding, atMs: this.nowMs };
    }
    return { finding: "well", atMs: this.nowMs };
  }
}

let connection: Clocked;
beforeEach(() => {
  connection = new Clocked();
});

describe("a watch by PING", () => {
  test("asks a client that says nothing rarely, and is content with its answers", () => {
    expect(connection.pass(10 * SilenceMs, () => connection.answer()).finding).toBe("well");
    expect(connection.pings).toBeLessThanOrEqual(10);
  });

  test("asks soon for what came, and then no more often than a client that says nothing", () => {
    connection.bytesRead = 60;
    connection.pass(2 * LookMs);
    expect(connection.pings).toBe(1);
    connection.answer();
    connection.pass(SilenceMs - 3 * LookMs);
    expect(connection.pings).toBe(1);
  });

  test("asks again where something came with the answer", () => {
    connection.bytesRead = 60;
    connection.pass(LookMs);
    connection.answer(5);
    connection.pass(LookMs);
    expect(connection.pings).toBe(2);
  });

  test.each([
    { client: "dribbling", bytes: 1 },
    { client: "fast", bytes: 1_000_000 },
  ])("finds a header block of a $client client, at most two looks late", ({ bytes }) => {
    connection.bytesRead = 9;
    const found = connection.pass(100_000, () => (connection.bytesRead += bytes));
    expect(found).toEqual({ finding: "slow-block", atMs: headersMs + 2 * LookMs });
  });

  test("finds one that gets a byte seldom, at that byte", () => {
    connection.bytesRead = 9;
    const found = connection.pass(100_000, () => (connection.bytesRead += connection.nowMs % 3_000 === 0 ? 1 : 0));
    expect(found).toEqual({ finding: "slow-block", atMs: 3_000 });
  });

  test("finds a silent one as soon where no stream would be lost", () => {
    connection.bytesRead = 9;
    connection.openStreams = 0;
    expect(connection.pass(100_000)).toEqual({ finding: "slow-block", atMs: headersMs + 2 * LookMs });
  });

  test("bears with a silent client that has open streams, for a while", () => {
    connection.bytesRead = 9;
    expect(connection.pass(100_000)).toEqual({ finding: "dead", atMs: SilenceMs + 2 * LookMs });
  });

  test("is content with a client that answers after a pause", () => {
    connection.bytesRead = 9;
    expect(connection.pass(SilenceMs / 2).finding).toBe("well");
    connection.answer();
    expect(connection.pass(SilenceMs, () => connection.answer()).finding).toBe("well");
  });

  test.each(["dataReceived", "bytesWritten"] as const)(
    "bears with a late answer while %s goes on, and finds the block behind that",
    (figure) => {
      connection.bytesRead = 9;
      const busy = connection.pass(60_000, () => {
        connection.bytesRead += 100;
        connection[figure] += 100;
      });
      expect(busy.finding).toBe("well");
      const found = connection.pass(100_000, () => (connection.bytesRead += 1));
      expect(found).toEqual({ finding: "slow-block", atMs: 60_000 + headersMs });
    },
  );

  test.each([
    { client: "reads much of ours and acknowledges it", bytes: 13 },
    { client: "reads much of ours and says nothing", bytes: 0 },
  ])("bears with one that $client, as long as with an idle connection", ({ bytes }) => {
    connection.bytesRead = 9;
    connection.bytesWritten = 65_537;
    const found = connection.pass(100_000, () => (connection.bytesRead += bytes));
    expect(found).toEqual({ finding: "dead", atMs: idleConnectionMs + 2 * LookMs });
  });

  test("knows from an answer that all before its PING was read", () => {
    connection.bytesRead = 9;
    connection.bytesWritten = 1_000_000;
    connection.pass(headersMs + 3 * LookMs);
    connection.answer(5);
    const { nowMs } = connection;
    const found = connection.pass(100_000, () => (connection.bytesRead += 1));
    expect(found).toEqual({ finding: "slow-block", atMs: nowMs + headersMs + 2 * LookMs });
  });

  test("asks nothing of a connection that leaves, and finds it dead when nothing moves", () => {
    connection.isLeaving = true;
    expect(connection.pass(60_000, () => (connection.bytesRead += 1)).finding).toBe("well");
    expect(connection.pass(60_000, () => (connection.bytesWritten += 1)).finding).toBe("well");
    expect(connection.pass(60_000)).toEqual({ finding: "dead", atMs: 120_000 + idleConnectionMs });
    expect(connection.pings).toBe(0);
  });
});
