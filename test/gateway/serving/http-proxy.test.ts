import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { HostField } from "../../../src/gateway/config/config.ts";
import { fieldValues } from "../../../src/protocol/handshake/field-values.ts";
import type { FakeRequest } from "../../support/fake-exchange.ts";
import { httpServer, proxyTo } from "../../support/proxying.ts";

interface SeenRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly fields: string[];
  readonly content: string;
}

/** What an upstream sees of `request`. */
async function seenOf(request: FakeRequest, hostField?: HostField): Promise<SeenRequest> {
  const seen = Promise.withResolvers<SeenRequest>();
  const { address } = await httpServer(async (head, response) => {
    const fields = head.rawHeaders.map((line, index) => (index % 2 === 0 ? line.toLowerCase() : line));
    seen.resolve({ method: head.method, path: head.url, fields, content: await text(head) });
    response.end();
  });
  await proxyTo([address]).answer(request, hostField);
  return await seen.promise;
}

describe("a request passed on", () => {
  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"])(
    "keeps the method %s and the path as it came",
    async (method) => {
      const path = "/a%2Fb//c;d/%7e?x=%20&y=a/b?c";
      expect(await seenOf({ method, path })).toMatchObject({ method, path });
    },
  );

  test("keeps the client's fields, in order and byte for byte", async () => {
    const sent = [
      "cookie",
      "a=1",
      "x-one",
      "1",
      "accept",
      "*/*",
      "x-one",
      "2",
      "x-bytes",
      "gr\u00fc\u00df\u00c3\u00bc",
    ];
    const { fields } = await seenOf({ fields: sent });
    expect(fields.slice(fields.indexOf("cookie"), fields.indexOf("cookie") + sent.length)).toEqual(sent);
  });

  test("says by whom and for whom", async () => {
    const { fields } = await seenOf({ fields: ["via", "1.1 before"] });
    expect(fieldValues(fields, "via")).toEqual(["1.1 before", "1.1 hawser"]);
    expect(fieldValues(fields, "x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(fieldValues(fields, "hawser-stream")).toEqual(["http=1.1; connection=1; stream=0"]);
  });

  test("says so of HTTP/2 too", async () => {
    const { fields } = await seenOf({ connection: { httpVersion: "2", secure: true } });
    expect(fieldValues(fields, "via")).toEqual(["2 hawser"]);
    expect(fieldValues(fields, "x-forwarded-proto")).toEqual(["https"]);
  });

  test("loses what is between the client and us", async () => {
    const own = [
      "te",
      "trailers",
      "keep-alive",
      "timeout=5",
      "upgrade",
      "h2c",
      "x-mine",
      "1",
      "proxy-connection",
      "close",
    ];
    const { fields } = await seenOf({ fields: [...own, "expect", "100-continue", "connection", "x-mine, upgrade"] });
    const names = fields.filter((_, index) => index % 2 === 0);
    expect(names).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(te|keep-alive|upgrade|x-mine|expect)$/)]),
    );
    expect(fieldValues(fields, "connection")).toEqual(["keep-alive"]);
  });

  test.each<{ hostField: HostField; host: RegExp }>([
    { hostField: { type: "keep" }, host: /^a\.example$/ },
    { hostField: { type: "upstream" }, host: /^127\.0\.0\.1:\d+$/ },
    { hostField: { type: "literal", authority: "b.example" }, host: /^b\.example$/ },
  ])("has one Host, with hostField $hostField.type $host", async ({ hostField, host }) => {
    const { fields } = await seenOf({}, hostField);
    expect(fieldValues(fields, "host")).toEqual([expect.stringMatching(host)]);
  });
});

describe("the content of a request", () => {
  const body = (): Readable => Readable.from([Buffer.from("hel"), Buffer.from("lo")]);

  test.each([
    {
      name: "with a length keeps it",
      method: "POST",
      fields: ["content-length", "5"],
      body,
      length: ["5"],
      coding: [],
    },
    { name: "without a length is chunked", method: "POST", fields: [], body, length: [], coding: ["chunked"] },
    { name: "of a GET goes too", method: "GET", fields: ["content-length", "5"], body, length: ["5"], coding: [] },
    { name: "of a DELETE goes too", method: "DELETE", fields: [], body, length: [], coding: ["chunked"] },
  ])("$name", async ({ method, fields: sent, body: makeBody, length, coding }) => {
    const { fields, content } = await seenOf({ method, fields: sent, body: makeBody() });
    expect(content).toBe("hello");
    expect(fieldValues(fields, "content-length")).toEqual(length);
    expect(fieldValues(fields, "transfer-encoding")).toEqual(coding);
  });

  test("that is not there is said to be none", async () => {
    const { fields } = await seenOf({ method: "POST", fields: ["content-length", "0"] });
    expect(fieldValues(fields, "content-length")).toEqual(["0"]);
  });

  test.each([
    { name: "two lengths", lengths: ["content-length", "5", "content-length", "6"] },
    { name: "a length that is none", lengths: ["content-length", "+5"] },
    { name: "a length with a coding behind it", lengths: ["content-length", "5, 5"] },
  ])("with $name goes nowhere", async ({ lengths }) => {
    const { address, server } = await httpServer((_, response) => response.end());
    let asked = 0;
    server.on("request", () => asked++);
    const proxy = proxyTo([address]);
    const exchange = await proxy.answer({ method: "POST", fields: lengths, body: body() });
    expect(exchange.status).toBe(400);
    expect(proxy.outcomes).toMatchObject([{ result: "failed", status: 400 }]);
    expect(asked).toBe(0);
  });

  test.each([
    { name: "less", parts: ["hel"] },
    { name: "more", parts: ["hello", "GET / HTTP/1.1\r\n\r\n"] },
  ])("that is $name than its length is no request of its own", async ({ parts }) => {
    const requests: string[] = [];
    const { address } = await httpServer((head, response) => {
      requests.push(String(head.method));
      head.on("error", () => undefined).resume();
      head.once("end", () => response.end());
    });
    const proxy = proxyTo([address]);
    const content = Readable.from(parts.map((part) => Buffer.from(part)));
    const exchange = await proxy.answer({ method: "POST", fields: ["content-length", "5"], body: content });
    expect(exchange.status).toBe(400);
    expect(requests).not.toContain("GET");
  });
});
