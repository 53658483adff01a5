import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames, type H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { HttpExchange } from "../../src/transport/opening.ts";
import { get } from "../support/h1-requests.ts";
import { DefaultH2, listenFor, readToEnd, readUntil, type ListenerUnderTest } from "../support/listening.ts";
import { Flag, FrameType, headersFrame, rawFrame, type RawH2Client } from "../support/raw-h2.ts";
import { answerOf, h2Request, type H2Answer, type H2Attempt } from "../support/smuggling-attempts.ts";
import { SmugglingCases } from "../support/smuggling-cases.ts";

const ProtocolError = 1;
const StatusLine = /HTTP\/1\.1 (\d{3}) /g;

/** A listener that answers 200 to all it is asked, once it has read it whole, and writes down what that was. */
async function listen(engine: H2EngineName = "node") {
  const listening = await listenFor("cleartext", { http2: { ...DefaultH2, engine } });
  const seen: string[] = [];
  const served: string[] = [];
  listening.onOpening = (opening) => opening.reject({ status: 403, fields: [], body: "" });
  listening.onExchange = (exchange) => {
    const parts: Buffer[] = [];
    const whole = () => {
      (exchange.path === "/next" || exchange.path === "/neighbour" ? served : seen).push(told(exchange, parts));
      exchange.respond({ status: 200, fields: [], body: exchange.path });
    };
    if (exchange.body === undefined) return whole();
    exchange.body.on("data", (part: Buffer) => parts.push(part)).once("end", whole);
  };
  return { listening, seen, served };
}

function told({ method, authority, path, fields }: HttpExchange, parts: readonly Buffer[]): string {
  const host = fields.find((_, i) => fields[i - 1] === "host") ?? authority;
  const odd = fields.filter((name, i) => i % 2 === 0 && !/^[a-wyz]/.test(name));
  const content = Buffer.concat(parts).toString("latin1");
  const target = `${authority === "example.com" ? "" : authority}${path}`;
  const line = [method, target, content, ...odd].filter((part) => part !== "").join(" ");
  return host === authority ? line : `${line} but Host is ${host}`;
}

/** Two connections that were there before, one of each HTTP version, and are served as before. */
async function neighboursOf(listening: ListenerUnderTest) {
  const h1 = await listening.connect();
  const h2 = await listening.connectH2();
  let streamId = 1;
  const expectServed = async () => {
    const answer = readUntil(h1, "/neighbour");
    h1.write(get("/neighbour"));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    h2.send(headersFrame(streamId, h2Request("GET", [[":path", "/neighbour"]]).fields, { endStream: true }));
    expect(await h2.status(streamId)).toBe(200);
    streamId += 2;
  };
  await expectServed();
  return expectServed;
}

async function answersTo(socket: Socket, attempt: string): Promise<number[]> {
  const words = readToEnd(socket);
  socket.write(Buffer.from(attempt + get("/next", ["Connection: close"]), "latin1"));
  const text = await words;
  socket.end();
  return [...text.matchAll(StatusLine)].map(([, status]) => Number(status));
}

function send(client: RawH2Client, { fields, data, trailers }: H2Attempt): void {
  const frames = [headersFrame(1, fields, { endStream: data === undefined })];
  const flags = trailers === undefined ? Flag.EndStream : Flag.None;
  if (data !== undefined) frames.push(rawFrame(FrameType.Data, flags, 1, Buffer.from(data, "latin1")));
  if (trailers !== undefined) frames.push(headersFrame(1, trailers, { endStream: true }));
  client.send(...frames);
}

/** The status on stream 1, or how it was ended without one. */
async function answerTo(client: RawH2Client): Promise<H2Answer> {
  const ofStream = () => client.frames.find(({ type, streamId }) => streamId === 1 && type !== FrameType.WindowUpdate);
  const isOver = () => client.framesOf(FrameType.GoAway).length > 0;
  await client.until("an answer", () => ofStream() !== undefined || isOver());
  if (isOver()) return "connection";
  if (ofStream()?.type !== FrameType.RstStream) return client.status(1);
  expect(await client.resetCode(1)).toBe(ProtocolError);
  return "reset";
}

describe("HTTP/1.1:", () => {
  const cases = SmugglingCases.flatMap(({ name, h1, h1Answers, seen }) =>
    h1 === undefined ? [] : [{ name, h1, h1Answers, expected: seen === undefined ? [] : [seen] }],
  );

  test.each(cases)("$name: $h1Answers", async ({ h1, h1Answers, expected }) => {
    const { listening, seen, served } = await listen();
    const expectNeighboursServed = await neighboursOf(listening);
    const socket = await listening.connect();
    onTestFinished(() => void socket.destroy());
    expect(await answersTo(socket, h1)).toEqual(h1Answers);
    expect(seen).toEqual(expected);
    expect(served.includes("GET /next")).toBe(h1Answers?.[1] === 200);
    await expectNeighboursServed();
  });
});

describe.each(H2EngineNames)("HTTP/2 by %s:", (engine) => {
  const cases = SmugglingCases.flatMap((one) => {
    const { name, h2, seen } = one;
    const h2Answer = answerOf(one, engine);
    return h2 === undefined ? [] : [{ name, h2, h2Answer, expected: h2Answer === 200 ? [seen ?? "GET /"] : [] }];
  });

  test.each(cases)("$name: $h2Answer", async ({ h2, h2Answer, expected }) => {
    const { listening, seen } = await listen(engine);
    const expectNeighboursServed = await neighboursOf(listening);
    const client = await listening.connectH2();
    send(client, h2);
    expect(await answerTo(client)).toBe(h2Answer);
    expect(seen).toEqual(expected);
    await expectNeighboursServed();
    if (h2Answer === "connection") {
      client.socket.end();
      return client.untilClosed();
    }
    client.send(headersFrame(3, h2Request("GET", [[":path", "/next"]]).fields, { endStream: true }));
    expect(await client.status(3)).toBe(200);
    return undefined;
  });
});
