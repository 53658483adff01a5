import { describe, expect, test } from "vitest";
import { H2EngineNames } from "../../src/transport/h2-acceptor.ts";
import {
  DefaultH2,
  listenFor,
  readToEnd,
  readUntil,
  upgradeRequest,
  type ListenerUnderTest,
} from "../support/listening.ts";
import { connectFields, Flag, FrameType, headerBlock, headersFrame, rawFrame } from "../support/raw-h2.ts";
import { Accesses } from "../support/slow-client.ts";

/** Pseudo-fields, or what stands for them, and `x-pad`, with 32 bytes for each (RFC 9113 §6.5.2). */
const bytesWithoutPad = (scheme: string) =>
  ":methodGET:scheme:path/:authorityexample.comx-pad".length + scheme.length + 5 * 32;
const EnhanceYourCalm = 11;
const headers = { maxHeaderBytes: 8_192, maxHeaderCount: 20 };

const fieldsOf = (scheme: string, more: readonly (readonly [string, string])[]) =>
  [[":method", "GET"], [":scheme", scheme], [":path", "/"], [":authority", "example.com"], ...more] as const;

/** What a request with `more` fields is answered on each version, and whether anybody saw it. */
async function answers(listening: ListenerUnderTest, scheme: string, more: readonly (readonly [string, string])[]) {
  const h1 = await listening.connect();
  const words = readUntil(h1, "\r\n\r\n");
  const lines = more.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  h1.write(`GET / HTTP/1.1\r\nHost: example.com\r\n${lines}\r\n`);
  const h2 = await listening.connectH2();
  h2.send(headersFrame(1, fieldsOf(scheme, more), { endStream: true }));
  return [Number((await words).split(" ")[1]), await h2.status(1)];
}

describe.each(H2EngineNames)("with the HTTP/2 of %s:", (engine) => {
  const http2 = { ...DefaultH2, engine };

  test.each(Accesses)("over %s the size of a request's fields counts the same on both versions", async (access) => {
    const listening = await listenFor(access, { headers, http2 });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "" });
    const scheme = access === "TLS" ? "https" : "http";
    const room = headers.maxHeaderBytes - bytesWithoutPad(scheme);
    expect(await answers(listening, scheme, [["x-pad", "a".repeat(room)]])).toEqual([200, 200]);
    expect(await answers(listening, scheme, [["x-pad", "a".repeat(room + 1)]])).toEqual([431, 431]);
    expect(listening.exchanges).toHaveLength(2);
    expect(listening.refusals).toEqual(["header-size", "header-size"]);
  });

  test.each(Accesses)("over %s the number of a request's fields counts the same on both versions", async (access) => {
    const listening = await listenFor(access, { headers, http2 });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "" });
    const room = headers.maxHeaderCount - 4;
    const many = (count: number) => Array.from({ length: count }, (_, nth) => [`x-${nth}`, ""] as const);
    expect(await answers(listening, "http", many(room))).toEqual([200, 200]);
    expect(await answers(listening, "http", many(room + 1))).toEqual([431, 431]);
    expect(listening.refusals).toEqual(["header-size", "header-size"]);
  });

  test("a limit holds for openings, and costs HTTP/2 the one stream", async () => {
    const listening = await listenFor("TLS", { headers, http2 });
    listening.onOpening = (opening) => void opening.accept({});
    const pad = "a".repeat(9_000);
    const h1 = await listening.connect();
    const words = readToEnd(h1);
    h1.write(upgradeRequest("/", [`X-Pad: ${pad}`]));
    expect(await words).toMatch(/^HTTP\/1\.1 431 /);
    const h2 = await listening.connectH2();
    h2.send(
      headersFrame(1, connectFields("/", "https")),
      headersFrame(3, [...connectFields("/", "https"), ["x-pad", pad]]),
    );
    expect([await h2.status(1), await h2.status(3)]).toEqual([200, 431]);
    h2.send(headersFrame(5, connectFields("/", "https")));
    expect(await h2.status(5)).toBe(200);
    expect(listening.openings).toHaveLength(2);
    expect(listening.refusals).toEqual(["header-size", "header-size"]);
  });

  test("a head without end is refused before it is whole, and costs its neighbours nothing", async () => {
    const listening = await listenFor("cleartext", { headers, http2 });
    listening.onExchange = (exchange) => exchange.respond({ status: 200, fields: [], body: "" });
    const neighbour = await listening.connectH2();
    const h1 = await listening.connect();
    const words = readToEnd(h1);
    h1.write(`GET / HTTP/1.1\r\nHost: example.com\r\nX-Pad: ${"a".repeat(100_000)}`);
    expect(await words).toMatch(/^HTTP\/1\.1 431 /);
    const h2 = await listening.connectH2();
    const block = headerBlock(fieldsOf("http", [["x-pad", "a".repeat(60_000)]]));
    h2.send(rawFrame(FrameType.Headers, Flag.EndStream, 1, block.subarray(0, 16_384)));
    for (let at = 16_384; at < block.length; at += 16_384) {
      const flags = at + 16_384 < block.length ? Flag.None : Flag.EndHeaders;
      h2.send(rawFrame(FrameType.Continuation, flags, 1, block.subarray(at, at + 16_384)));
    }
    // Four times the limit: node:http2 resets it by itself, without an answer.
    const answer = engine === "node" ? await h2.resetCode(1) : await h2.status(1);
    expect(answer).toBe(engine === "node" ? EnhanceYourCalm : 431);
    for (const client of [neighbour, h2]) {
      client.send(headersFrame(3, fieldsOf("http", []), { endStream: true }));
      expect(await client.status(3)).toBe(200);
    }
    expect(new Set(listening.refusals)).toEqual(new Set(["header-size"]));
  });
});
