import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { H2EngineNames, type H2EngineName } from "../../src/transport/h2-acceptor.ts";
import { startGatewayUnderTest } from "../support/gateway-under-test.ts";
import { get } from "../support/h1-requests.ts";
import { readToEnd, readUntil } from "../support/listening.ts";
import { Flag, FrameType, headersFrame, rawFrame, RawH2Client } from "../support/raw-h2.ts";
import { recordingUpstream, valuesOf, type SeenRequest } from "../support/recording-upstream.ts";
import { answerOf, h2Request, type H2Answer, type H2Attempt } from "../support/smuggling-attempts.ts";
import { SmugglingCases } from "../support/smuggling-cases.ts";

const StatusLine = /HTTP\/1\.1 (\d{3}) /g;
/** What the gateway answers by itself where the corpus says 200. */
const OwnAnswers: Readonly<Record<string, number>> = { "asterisk-form by OPTIONS": 204 };

async function start(engine: H2EngineName = "node") {
  const upstream = await recordingUpstream();
  const { port } = await startGatewayUnderTest({
    routes: [{ name: "app", pathPrefix: "/", upstream: "app" }],
    upstreams: { app: { addresses: [upstream.address.url] } },
    http2: { engine },
  });
  const seen = () => upstream.requests.filter(({ target }) => !["/next", "/neighbour"].includes(target)).map(told);
  const served = (target: string) => upstream.requests.filter((request) => request.target === target).length;
  return { upstream, port, seen, served };
}

function told(request: SeenRequest): string {
  const [host = ""] = valuesOf(request, "host");
  const target = `${host === "example.com" ? "" : host}${request.target}`;
  if (valuesOf(request, "upgrade").length > 0) return "an opening";
  return [request.method, target, request.content].filter((part) => part !== "").join(" ");
}

/** Names of fields that the corpus tries to get in. */
function injected(requests: readonly SeenRequest[]): string[] {
  return requests.flatMap(({ fields }) => fields.map(([name]) => name).filter((name) => /evil|odd|upper/.test(name)));
}

function connectTo(port: number): Socket {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Two clients of the same upstream, which are served as if nothing had been. */
async function expectNeighboursServed(port: number): Promise<void> {
  const h1 = connectTo(port);
  const answer = readUntil(h1, "/neighbour");
  h1.write(get("/neighbour"));
  expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  const h2 = await new RawH2Client(connectTo(port)).handshake();
  h2.send(headersFrame(1, h2Request("GET", [[":path", "/neighbour"]]).fields, { endStream: true }));
  expect(await h2.status(1)).toBe(200);
}

describe("HTTP/1.1:", () => {
  const cases = SmugglingCases.flatMap(({ name, h1, h1Answers = [], seen }) => {
    if (h1 === undefined) return [];
    const own = OwnAnswers[name];
    const answers = own === undefined ? h1Answers : [own, ...h1Answers.slice(1)];
    const opening = h1Answers[0] === 403 ? ["an opening"] : [];
    return [{ name, h1, answers, expected: seen === undefined || own !== undefined ? opening : [seen] }];
  });

  test.each(cases)("$name: $answers, and the upstream saw $expected", async ({ h1, answers, expected }) => {
    const { upstream, port, seen, served } = await start();
    const socket = connectTo(port);
    const words = readToEnd(socket);
    socket.write(Buffer.from(h1 + get("/next", ["Connection: close"]), "latin1"));
    expect([...(await words).matchAll(StatusLine)].map(([, status]) => Number(status))).toEqual(answers);
    socket.end();
    expect(seen()).toEqual(expected);
    expect(served("/next")).toBe(answers[1] === 200 ? 1 : 0);
    await expectNeighboursServed(port);
    expect(served("/neighbour")).toBe(2);
    expect(upstream.malformed).toEqual([]);
  });
});

describe.each(H2EngineNames)("HTTP/2 by %s:", (engine) => {
  const cases = SmugglingCases.flatMap((one) => {
    const { name, h2, seen } = one;
    if (h2 === undefined) return [];
    const own = OwnAnswers[name];
    const answer = answerOf(one, engine);
    const expected = answer === 200 && own === undefined ? [seen ?? "GET /"] : [];
    return [{ name, h2, answer: own ?? answer, expected }];
  });

  test.each(cases)("$name: $answer, and the upstream saw $expected", async ({ h2, answer, expected }) => {
    const { upstream, port, seen, served } = await start(engine);
    const client = await new RawH2Client(connectTo(port)).handshake();
    send(client, h2);
    expect(await answerTo(client)).toBe(answer);
    expect(await nextOn(client)).toBe(answer === "connection" ? undefined : 200);
    expect(seen()).toEqual(expected);
    await expectNeighboursServed(port);
    expect(served("/neighbour")).toBe(2);
    expect(upstream.malformed).toEqual([]);
    expect(injected(upstream.requests)).toEqual([]);
  });
});

function send(client: RawH2Client, { fields, data, trailers }: H2Attempt): void {
  const frames = [headersFrame(1, fields, { endStream: data === undefined })];
  const flags = trailers === undefined ? Flag.EndStream : Flag.None;
  if (data !== undefined) frames.push(rawFrame(FrameType.Data, flags, 1, Buffer.from(data, "latin1")));
  if (trailers !== undefined) frames.push(headersFrame(1, trailers, { endStream: true }));
  client.send(...frames);
}

/** The status of a request that follows, where the connection still takes one. */
async function nextOn(client: RawH2Client): Promise<number | undefined> {
  if (client.framesOf(FrameType.GoAway).length > 0) return undefined;
  client.send(headersFrame(3, h2Request("GET", [[":path", "/next"]]).fields, { endStream: true }));
  return client.status(3);
}

/** The status on stream 1, or how it was ended without one. */
async function answerTo(client: RawH2Client): Promise<H2Answer> {
  const ofStream = () => client.frames.find(({ type, streamId }) => streamId === 1 && type !== FrameType.WindowUpdate);
  const isOver = () => client.framesOf(FrameType.GoAway).length > 0;
  await client.until("an answer", () => ofStream() !== undefined || isOver());
  if (isOver()) return "connection";
  return ofStream()?.type === FrameType.RstStream ? "reset" : client.status(1);
}
