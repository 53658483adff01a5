import { expect, test } from "vitest";
import { contentOf } from "../support/exchange-client.ts";
import { askedFor, type ExchangeUnderTest } from "../support/exchange-under-test.ts";
import { pattern } from "../support/stream-driver.ts";

const InvalidFields = [
  ["x-evil", "a\r\nset-cookie: b=1"],
  ["x y", "a"],
  ["content-length", "1", "content-length", "1"],
  ["content-length", "+1"],
];

/** The answer to a request, whole and in parts. */
export function describeAnswers(under: ExchangeUnderTest): void {
  test("tells what was asked, and sends what is answered", async () => {
    const fields = [
      ["x-name", "value"],
      ["x-name", "other"],
    ] as const;
    const { exchange, answer, ended } = await askedFor(under, { method: "DELETE", path: "/page?x=1", fields });
    expect(exchange).toMatchObject({ method: "DELETE", path: "/page?x=1", authority: "example.com" });
    expect(exchange.fields.filter((_, i) => exchange.fields[i - 1] === "x-name")).toEqual(["value", "other"]);
    const own = ["content-length", "1", "keep-alive", "timeout=5", "set-cookie", "a=1", "set-cookie", "b=2"];
    exchange.respond({ status: 410, fields: own, body: "gone\n" });
    exchange.respond({ status: 200, fields: [], body: "" });
    await ended();
    expect(answer).toMatchObject({ status: 410, end: "whole", fields: { "content-length": "5" } });
    expect(answer.fields["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(answer.fields["keep-alive"]).toBeUndefined();
    expect(contentOf(answer).toString()).toBe("gone\n");
  });

  test("sends interim responses before it, and none behind its beginning", async () => {
    const { exchange, answer, ended, listening } = await askedFor(under);
    for (const status of [100, 101, 200]) exchange.inform(status, []);
    exchange.inform(103, ["link", "</a.css>; rel=preload", "link", "</b.js>; rel=preload"]);
    await listening.until("103", () => answer.interim.length === 1);
    const body = exchange.begin({ status: 200, fields: [] });
    exchange.inform(103, []);
    body.end();
    await ended();
    expect(answer.interim.map(({ status }) => status)).toEqual([103]);
    expect(answer.interim[0]?.fields["link"]).toBe("</a.css>; rel=preload, </b.js>; rel=preload");
  });

  test("sends part by part, and the head before the first", async () => {
    const { exchange, answer, ended, listening } = await askedFor(under);
    const body = exchange.begin({ status: 200, fields: ["content-type", "text/event-stream"] });
    await listening.until("the head", () => answer.status === 200);
    for (const part of ["one", "two"]) {
      body.write(Buffer.from(part));
      await listening.until(part, () => contentOf(answer).toString().endsWith(part));
    }
    expect(answer.end).toBeUndefined();
    body.end();
    body.write(Buffer.from("late"));
    await ended();
    expect(answer).toMatchObject({ end: "whole", fields: { "content-type": "text/event-stream" } });
    expect(contentOf(answer).toString()).toBe("onetwo");
  });

  test("sends trailers to who takes them, without those that would frame", async () => {
    const { exchange, answer, ended } = await askedFor(under, { fields: [["te", "trailers"]] });
    const body = exchange.begin({ status: 200, fields: [] });
    body.write(Buffer.from("content"));
    body.end(["x-checksum", "1", "content-length", "5", "transfer-encoding", "chunked", "connection", "x-checksum2"]);
    await ended();
    expect(answer.end).toBe("whole");
    expect(Object.keys(answer.trailers)).toEqual(["x-checksum"]);
  });

  test("leaves trailers out behind content of a known length", async () => {
    const { exchange, answer, ended } = await askedFor(under, { fields: [["te", "trailers"]] });
    const body = exchange.begin({ status: 200, fields: ["content-length", "4"] });
    body.write(Buffer.from("body"));
    body.end(["x-checksum", "1"]);
    await ended();
    expect(answer).toMatchObject({ end: "whole", trailers: {}, fields: { "content-length": "4" } });
  });

  test.each([
    { method: "HEAD", status: 200, length: "7" },
    { method: "GET", status: 204, length: undefined },
    { method: "GET", status: 304, length: "7" },
    { method: "HEAD", status: 404, length: "7" },
  ])("has no content where $method is answered $status, whatever is written", async ({ method, status, length }) => {
    const { exchange, answer, ended } = await askedFor(under, { method });
    const body = exchange.begin({ status, fields: ["content-length", "7"] });
    expect(body.write(Buffer.from("content"))).toBe(true);
    body.end();
    await ended();
    expect(answer).toMatchObject({ status, end: "whole" });
    expect(contentOf(answer)).toHaveLength(0);
    expect(answer.fields["content-length"]).toBe(length);
  });

  test.each([
    { method: "HEAD", status: 200 },
    { method: "GET", status: 204 },
    { method: "GET", status: 304 },
  ])("has no content where $method is answered $status at once", async ({ method, status }) => {
    const { exchange, answer, ended } = await askedFor(under, { method });
    exchange.respond({ status, fields: [], body: "content" });
    await ended();
    expect(answer).toMatchObject({ status, end: "whole" });
    expect(contentOf(answer)).toHaveLength(0);
  });

  test("carries an answer that says 205 although there is content", async () => {
    const { exchange, answer, ended } = await askedFor(under);
    exchange.respond({ status: 205, fields: [], body: "content" });
    await ended();
    expect(answer).toMatchObject({ status: 205, end: "whole", fields: { "content-length": "0" } });
    expect(contentOf(answer)).toHaveLength(0);
  });

  test.each([0, 1, 65_536, 65_537, 5_000_000])("sends %i bytes at once, whole", async (count) => {
    const { exchange, answer, ended } = await askedFor(under);
    exchange.respond({ status: 200, fields: [], body: pattern(count) });
    await ended();
    expect(answer).toMatchObject({ end: "whole", fields: { "content-length": String(count) } });
    expect(contentOf(answer).equals(pattern(count))).toBe(true);
  });

  test.each(InvalidFields)(
    "throws for fields that would be others, and can then send another answer",
    async (...fields) => {
      const { exchange, answer, ended } = await askedFor(under);
      expect(() => exchange.begin({ status: 200, fields })).toThrow(TypeError);
      expect(() => exchange.respond({ status: 200, fields, body: "" })).toThrow(TypeError);
      expect(() => exchange.inform(103, fields)).toThrow(TypeError);
      exchange.respond({ status: 500, fields: [], body: "" });
      await ended();
      expect(answer).toMatchObject({ status: 500, interim: [] });
    },
  );

  test.each([0, 101, 199, 200.5, 600, 999])("throws for the status %s", async (status) => {
    const { exchange } = await askedFor(under);
    expect(() => exchange.begin({ status, fields: [] })).toThrow(TypeError);
    expect(() => exchange.respond({ status, fields: [], body: "" })).toThrow(TypeError);
  });

  test("holds its author back until the client takes, and tells when", async () => {
    const { client, exchange, answer, ended, listening } = await askedFor({
      ...under,
      connectClient: async (listening) => {
        const client = await under.connectClient(listening);
        client.pause();
        return client;
      },
    });
    const body = exchange.begin({ status: 200, fields: [] });
    let drains = 0;
    body.onDrain = () => drains++;
    let written = 0;
    const write = () => {
      for (let goOn = true; goOn && written < 32_000_000; written += 65_536) goOn = body.write(Buffer.alloc(65_536));
    };
    write();
    expect(written).toBeLessThan(1_000_000);
    body.onDrain = () => {
      drains++;
      write();
      if (written >= 32_000_000) body.end();
    };
    await listening.until("the head", () => answer.status === 200);
    expect(written).toBeLessThan(32_000_000);
    client.resume();
    await ended();
    expect(drains).toBeGreaterThan(0);
    expect(contentOf(answer)).toHaveLength(written);
  });
}
