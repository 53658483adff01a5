import { expect, test } from "vitest";
import { contentOf } from "../support/exchange-client.ts";
import { askedFor, expectNeighbourServed, type ExchangeUnderTest } from "../support/exchange-under-test.ts";
import { turns } from "../support/stream-observers.ts";

const InternalError = 2;

/** How an exchange ends other than well. */
export function describeExchangeEnds(under: ExchangeUnderTest): void {
  test("tells its owner once that the client left before the answer", async () => {
    const { client, exchange, gone, listening } = await askedFor(under);
    client.leave();
    await listening.until("onGone", () => gone.length > 0);
    exchange.respond({ status: 200, fields: [], body: "late" });
    const body = exchange.begin({ status: 200, fields: [] });
    expect(body.write(Buffer.from("late"))).toBe(true);
    body.end();
    await expectNeighbourServed(under, listening);
    expect(gone).toEqual(["client-left"]);
  });

  test("tells its owner that the client left within the answer", async () => {
    const { client, exchange, gone, answer, listening } = await askedFor(under);
    const body = exchange.begin({ status: 200, fields: [] });
    body.write(Buffer.from("part"));
    await listening.until("a part", () => contentOf(answer).length === 4);
    client.leave();
    await listening.until("onGone", () => gone.length > 0);
    expect(body.write(Buffer.from("late"))).toBe(true);
    body.end();
    body.abort();
    expect(gone).toEqual(["client-left"]);
    await expectNeighbourServed(under, listening);
  });

  test("tells nothing behind an answer that was taken", async () => {
    const { client, exchange, gone, ended, listening } = await askedFor(under);
    exchange.respond({ status: 200, fields: [], body: "all" });
    await ended();
    client.leave();
    await turns(50);
    expect(gone).toEqual([]);
    await expectNeighbourServed(under, listening);
  });

  test.each([
    { what: "at once", parts: [], fields: [] },
    { what: "behind a part", parts: ["part"], fields: [] },
    { what: "within a promised length", parts: ["part"], fields: ["content-length", "9"] },
  ])("aborts $what so that the client can tell", async ({ parts, fields }) => {
    const { exchange, gone, answer, ended, listening } = await askedFor(under);
    const body = exchange.begin({ status: 200, fields });
    for (const part of parts) body.write(Buffer.from(part));
    await listening.until("the head", () => answer.status === 200);
    body.abort();
    body.end();
    await ended();
    expect(answer.end).toBe("cut");
    expect(answer.resetCode).toBe(under.httpVersion === "2" ? InternalError : -1);
    expect(gone).toEqual([]);
    await expectNeighbourServed(under, listening);
  });

  test.each(["before an answer", "within one"])("aborts %s, and not behind one", async (when) => {
    const { exchange, gone, answer, ended, listening } = await askedFor(under);
    if (when === "within one") exchange.begin({ status: 200, fields: [] }).write(Buffer.from("part"));
    exchange.abort();
    exchange.respond({ status: 200, fields: [], body: "late" });
    await ended();
    expect(answer.end).toBe("cut");
    expect(answer.resetCode).toBe(under.httpVersion === "2" ? InternalError : -1);
    expect(gone).toEqual([]);
    await expectNeighbourServed(under, listening);
  });

  test("leaves an answer whole that is complete when it is aborted", async () => {
    const { exchange, answer, ended } = await askedFor(under);
    exchange.respond({ status: 200, fields: [], body: "all" });
    exchange.abort();
    await ended();
    expect([answer.end, contentOf(answer).toString()]).toEqual(["whole", "all"]);
  });

  test.each([
    { what: "more", parts: ["12345", "67890", "1"] },
    { what: "less", parts: ["12345", "6789"] },
  ])("is cut off where $what is written than its length promised", async ({ parts }) => {
    const { exchange, answer, ended, listening } = await askedFor(under);
    const body = exchange.begin({ status: 200, fields: ["content-length", "10"] });
    for (const part of parts) {
      body.write(Buffer.from(part));
      await turns(5);
    }
    body.end();
    await ended();
    const seen = contentOf(answer).toString();
    expect("1234567890".startsWith(seen)).toBe(true);
    // What had all that was promised is whole to the client, though nothing follows on its connection.
    expect(answer.end === "cut" || seen.length === 10).toBe(true);
    await expectNeighbourServed(under, listening);
  });
}
