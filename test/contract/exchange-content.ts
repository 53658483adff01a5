import { expect, test } from "vitest";
import { contentOf } from "../support/exchange-client.ts";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { askedFor, expectNeighbourServed, type ExchangeUnderTest } from "../support/exchange-under-test.ts";
import { pattern } from "../support/stream-driver.ts";
import { turns } from "../support/stream-observers.ts";

/** Reads the content of `exchange` as it comes. */
function readContent({ body }: HttpExchange) {
  const parts: Buffer[] = [];
  const read = {
    get bytes() {
      return Buffer.concat(parts);
    },
    end: undefined as "whole" | Error | undefined,
  };
  body?.on("data", (part: Buffer) => parts.push(part));
  body?.on("end", () => (read.end = "whole"));
  body?.on("error", (error) => (read.end = error));
  return read;
}

const Expecting = { method: "POST", hasContent: true, fields: [["expect", "100-continue"]] } as const;
const ok = { status: 200, fields: [], body: "ok" };

/** The content of a request. */
export function describeContent(under: ExchangeUnderTest): void {
  test.each([
    { method: "GET", fields: [] },
    { method: "POST", fields: [["content-length", "0"]] },
  ] as const)("has none where a $method brings none", async ({ method, fields }) => {
    const { exchange } = await askedFor(under, { method, fields });
    expect(exchange.body).toBeUndefined();
  });

  test("comes part by part, while the client has not ended", async () => {
    const { listening, client, exchange } = await askedFor(under, { method: "POST", hasContent: true });
    const read = readContent(exchange);
    for (const part of ["one", "two"]) {
      client.send(Buffer.from(part));
      await listening.until(part, () => read.bytes.toString().endsWith(part));
    }
    expect(read.end).toBeUndefined();
    client.end();
    await listening.until("the end", () => read.end === "whole");
    expect(read.bytes.toString()).toBe("onetwo");
  });

  test("comes whole, however large, and is of the length that was told", async () => {
    const fields = [["content-length", "3000000"]] as const;
    const { listening, client, exchange } = await askedFor(under, { method: "PUT", hasContent: true, fields });
    const read = readContent(exchange);
    client.send(pattern(3_000_000));
    client.end();
    await listening.until("the end", () => read.end === "whole");
    expect(read.bytes.equals(pattern(3_000_000))).toBe(true);
  });

  test("is not taken from the client before somebody reads", async () => {
    const bytes = pattern(32_000_000);
    const { listening, client, exchange } = await askedFor(under, { method: "PUT", hasContent: true });
    client.send(bytes);
    client.end();
    for (let before = -1; before !== client.unsentBytes; await turns(200)) before = client.unsentBytes;
    expect(client.unsentBytes).toBeGreaterThan(16_000_000);
    const read = readContent(exchange);
    await listening.until("the end", () => read.end === "whole");
    expect(read.bytes.equals(bytes)).toBe(true);
  });

  test("may be given up without harm to the answer", async () => {
    const { client, exchange, answer, ended, listening } = await askedFor(under, { method: "PUT", hasContent: true });
    const read = readContent(exchange);
    client.send(pattern(1_000));
    await listening.until("bytes", () => read.bytes.length === 1_000);
    exchange.body?.destroy();
    exchange.respond({ status: 413, fields: [], body: "too much" });
    await ended();
    expect(answer).toMatchObject({ status: 413, end: "whole" });
    expect(contentOf(answer).toString()).toBe("too much");
  });

  test("ends with an error when the client leaves within", async () => {
    const { client, exchange, gone, listening } = await askedFor(under, { method: "PUT", hasContent: true });
    const read = readContent(exchange);
    client.send(pattern(1_000));
    await listening.until("bytes", () => read.bytes.length === 1_000);
    client.leave();
    await listening.until("the end", () => read.end !== undefined);
    expect(read.end).toBeInstanceOf(Error);
    expect(gone).toEqual(["client-left"]);
    await expectNeighbourServed(under, listening);
  });

  test("is asked for with 100 once somebody reads, and only then", async () => {
    const { client, exchange, answer, ended, listening } = await askedFor(under, Expecting);
    await turns(50);
    expect(answer.interim).toEqual([]);
    const read = readContent(exchange);
    await listening.until("100", () => answer.interim.length === 1);
    expect(answer.interim[0]?.status).toBe(100);
    client.send(Buffer.from("content"));
    client.end();
    await listening.until("the end", () => read.end === "whole");
    exchange.respond(ok);
    await ended();
    expect(answer).toMatchObject({ status: 200, end: "whole" });
    expect(answer.interim).toHaveLength(1);
  });

  test("is not asked for behind the answer", async () => {
    const { exchange, answer, ended } = await askedFor(under, Expecting);
    exchange.respond({ ...ok, status: 401 });
    readContent(exchange);
    await ended();
    expect(answer).toMatchObject({ status: 401, interim: [] });
    expect(answer.fields["connection"]).toBe(under.httpVersion === "1.1" ? "close" : undefined);
  });

  test.each(["something-else", "100-continue, more"])("is refused with 417 where %s is expected", async (value) => {
    const { listening } = await askedFor(under);
    const client = await under.connectClient(listening);
    client.ask({ method: "POST", hasContent: true, fields: [["expect", value]] });
    await listening.until("417", () => client.answer.status === 417);
    expect(listening.exchanges).toHaveLength(1);
    await expectNeighbourServed(under, listening);
  });

  test("is not read to its end behind an answer, if that is far", async () => {
    const { client, exchange, answer, ended, listening } = await askedFor(under, { method: "PUT", hasContent: true });
    const bytes = 64_000_000;
    client.send(Buffer.alloc(bytes));
    exchange.respond({ status: 403, fields: [], body: "no" });
    await ended();
    expect(answer.status).toBe(403);
    expect(contentOf(answer).toString()).toBe("no");
    expect(client.unsentBytes).toBeGreaterThan(bytes / 2);
    await expectNeighbourServed(under, listening);
  });
}
