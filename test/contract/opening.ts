import { describe, expect, test } from "vitest";
import type { H2EngineName } from "../../src/transport/h2-acceptor.ts";
import type { Opening } from "../../src/transport/opening.ts";
import type { AcceptorDeadlines } from "../../src/transport/transport-limits.ts";
import { DefaultH2, listenFor, LongDeadlines, type Access, type ListenerUnderTest } from "../support/listening.ts";
import type { ConnectOpeningClient, ReachedByClients } from "../support/opening-client.ts";
import type { RecordingSink } from "../support/recording-sink.ts";
import { pattern } from "../support/stream-driver.ts";
import { NearObserver, turns } from "../support/stream-observers.ts";

/** What openings come from. */
export type OpeningSource = RecordingSink & ReachedByClients & Pick<ListenerUnderTest, "port" | "opened" | "refuseNew">;

/** What is under test: one HTTP version over TLS or cleartext. */
export interface OpeningUnderTest {
  readonly access: Access;
  readonly httpVersion: "1.1" | "2";
  readonly connectClient: ConnectOpeningClient;
  /** Whose HTTP/2 an own listener speaks; node:http2 where not given. */
  readonly engine?: H2EngineName;
  /** Where clients connect to; an own listener where not given. */
  readonly listen?: (deadlines: AcceptorDeadlines) => Promise<OpeningSource>;
}

/** Runs what `src/transport/opening.ts` promises of an Opening against one HTTP version on a listener. */
export function describeOpening(name: string, under: OpeningUnderTest): void {
  describe(`${name} keeps the contract of an opening`, () => {
    describeRequest(under);
    describeAccept(under);
    describeReject(under);
    describeGone(under);
  });
}

/** A listener with one client of it. */
async function connected(
  { access, connectClient, listen, engine = "node" }: OpeningUnderTest,
  deadlines = LongDeadlines,
) {
  const http2 = { ...DefaultH2, engine };
  const listening: OpeningSource = await (listen?.(deadlines) ?? listenFor(access, { deadlines, http2 }));
  return { listening, client: await connectClient(listening) };
}

/** An opening that waits for its answer. */
async function asked(under: OpeningUnderTest, early?: Uint8Array) {
  const { listening, client } = await connected(under);
  client.ask({}, early);
  const opening = await listening.nextOpening();
  const gone: string[] = [];
  opening.onGone = (reason) => gone.push(reason);
  return { listening, client, opening, gone };
}

/** Accepts, and starts an observer on the stream. */
function accept(opening: Opening) {
  const stream = opening.accept({});
  const observer = new NearObserver(stream);
  stream.start(observer);
  return { stream, observer };
}

function describeRequest(under: OpeningUnderTest): void {
  const { httpVersion, access } = under;

  test("tells what the client asked for", async () => {
    const { listening, client } = await connected(under);
    client.ask({
      path: "/room/7?who=%C3%A9",
      fields: [
        ["Sec-WebSocket-Protocol", "chat.v2, chat"],
        ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
        ["Cookie", "a=1"],
        ["X-Twice", "one"],
        ["X-Twice", "two"],
      ],
    });
    const { request } = await listening.nextOpening();
    expect(request).toMatchObject({
      httpVersion,
      scheme: access === "TLS" ? "https" : "http",
      authority: "example.com",
      path: "/room/7?who=%C3%A9",
      subprotocols: ["chat.v2", "chat"],
      extensions: "permessage-deflate; client_max_window_bits",
    });
    const values = (name: string) => request.fields.filter((_, i) => request.fields[i - 1] === name);
    expect(values("x-twice")).toEqual(["one", "two"]);
    expect(values("cookie")).toEqual(["a=1"]);
  });

  test("tells on which connection it came", async () => {
    const { listening, opening } = await asked(under);
    expect(opening.connection).toEqual({
      id: 1,
      listener: under.listen === undefined ? "main" : "attached",
      httpVersion,
      secure: access === "TLS",
      remoteAddress: "127.0.0.1",
      remotePort: expect.any(Number),
      localPort: listening.port,
      tls: opening.connection.tls,
    });
    expect(opening.connection.tls?.serverName).toBe(access === "TLS" ? "localhost" : undefined);
    expect(opening.streamId).toBe(httpVersion === "2" ? 1 : 0);
    expect(listening.opened).toEqual([opening.connection]);
  });
}

function describeAccept(under: OpeningUnderTest): void {
  test("sends the answer it is given, without what belongs to a connection", async () => {
    const { client, opening } = await asked(under);
    opening.accept({
      subprotocol: "chat",
      extensions: "permessage-deflate",
      fields: ["set-cookie", "a=1", "set-cookie", "b=2", "keep-alive", "timeout=5", "content-length", "5"],
    });
    const { status, fields } = await client.response();
    expect(status).toBe(under.httpVersion === "2" ? 200 : 101);
    const values = (name: string) => fields.filter(([found]) => found === name).map(([, value]) => value);
    expect(values("sec-websocket-protocol")).toEqual(["chat"]);
    expect(values("sec-websocket-extensions")).toEqual(["permessage-deflate"]);
    expect(values("set-cookie")).toEqual(["a=1", "b=2"]);
    expect([...values("keep-alive"), ...values("content-length")]).toEqual([]);
  });

  test("carries bytes both ways behind the answer", async () => {
    const { client, opening } = await asked(under);
    const { stream, observer } = accept(opening);
    await client.response();
    client.send(pattern(100_000));
    await observer.until("the bytes", () => observer.receivedBytes === 100_000);
    expect(observer.received.equals(pattern(100_000))).toBe(true);
    stream.write(pattern(100_000), 0, 100_000, "kept");
    expect((await client.received(100_000)).equals(pattern(100_000))).toBe(true);
  });

  test.each([1, 10, 20_000, 200_000])("delivers %i early bytes first, then what follows", async (count) => {
    const { client, opening } = await asked(under, pattern(count));
    await turns();
    const { observer } = accept(opening);
    client.send(pattern(1_000, count));
    await observer.until("all bytes", () => observer.receivedBytes === count + 1_000);
    expect(observer.received.equals(pattern(count + 1_000))).toBe(true);
  });

  test("throws for a field that could not be sent, and can still be rejected", async () => {
    const { client, opening } = await asked(under);
    expect(() => opening.accept({ fields: ["x-evil", "a\r\nset-cookie: b=1"] })).toThrow(TypeError);
    opening.reject({ status: 502, fields: [], body: "" });
    const { status, fields } = await client.response();
    expect(status).toBe(502);
    expect(fields.map(([name]) => name)).not.toContain("set-cookie");
  });
}

function describeReject(under: OpeningUnderTest): void {
  test.each([
    { status: 301, fields: ["location", "/elsewhere"], body: "" },
    { status: 401, fields: ["www-authenticate", 'Basic realm="x"', "www-authenticate", "Bearer"], body: "who?\n" },
    { status: 429, fields: ["retry-after", "5"], body: "Zu schnell: \u00e9" },
    { status: 599, fields: [], body: Buffer.alloc(65_536, "x") },
  ])("sends a $status with its fields and its body", async (rejection) => {
    const { client, opening, listening } = await asked(under);
    opening.reject(rejection);
    const response = await client.response();
    expect(response.status).toBe(rejection.status);
    expect(response.body).toBe(Buffer.from(rejection.body).toString());
    const sent = response.fields.flat();
    for (const field of rejection.fields) expect(sent).toContain(field);
    expect(listening.refusals).toEqual([]);
  });

  test("reaches a client that has sent much before the answer", async () => {
    const { client, opening } = await asked(under, pattern(150_000));
    await turns();
    opening.reject({ status: 403, fields: [], body: "x".repeat(50_000) });
    expect(await client.response()).toMatchObject({ status: 403, body: "x".repeat(50_000) });
  });

  test("throws for a field that could not be sent, and can be called again", async () => {
    const { client, opening } = await asked(under);
    const evil = { status: 403, fields: ["x-evil", "a\nb"], body: "" };
    expect(() => opening.reject(evil)).toThrow(TypeError);
    opening.reject({ status: 404, fields: [], body: "" });
    expect((await client.response()).status).toBe(404);
  });

  test("counts the first answer only", async () => {
    const { client, opening } = await asked(under);
    opening.reject({ status: 404, fields: [], body: "" });
    opening.reject({ status: 500, fields: [], body: "" });
    const { stream, observer } = accept(opening);
    expect(stream.write(pattern(10), 0, 10, "kept")).toBe(true);
    await observer.until("onClose", () => observer.ending !== undefined);
    expect((await client.response()).status).toBe(404);
  });

  test("does nothing behind an accept", async () => {
    const { client, opening } = await asked(under);
    const { stream } = accept(opening);
    opening.reject({ status: 500, fields: [], body: "no" });
    stream.write(Buffer.from("yes"), 0, 3, "kept");
    expect((await client.response()).status).toBe(under.httpVersion === "2" ? 200 : 101);
    expect((await client.received(3)).toString()).toBe("yes");
  });

  test("answers 500 where the sink throws", async () => {
    const { listening, client } = await connected(under);
    listening.onOpening = () => {
      throw new Error("a fault of the floor above");
    };
    client.ask();
    expect((await client.response()).status).toBe(500);
  });

  test("answers 503 to what comes after refuseNew", async () => {
    const { listening, client } = await connected(under);
    listening.refuseNew();
    client.ask();
    expect((await client.response()).status).toBe(503);
    expect(listening.openings).toEqual([]);
    expect(listening.refusals).toEqual(["draining"]);
  });
}

function describeGone(under: OpeningUnderTest): void {
  test.each([{ early: 0 }, { early: 10 }])(
    "tells once that the client left, behind $early early bytes",
    async ({ early }) => {
      const { client, opening, gone } = await asked(under, pattern(early));
      const told = new Promise((resolve) => (opening.onGone = (reason) => resolve(gone.push(reason))));
      client.leave();
      await told;
      opening.reject({ status: 502, fields: [], body: "" });
      const { observer } = accept(opening);
      expect(observer.calls).toBe(0);
      await observer.until("onClose", () => observer.ending !== undefined);
      expect(observer.ending).toEqual({ type: "connection-lost" });
      expect(gone).toEqual(["client-left"]);
    },
  );

  test("tells nothing of a client that leaves behind the answer", async () => {
    const { client, opening, gone } = await asked(under);
    const { observer } = accept(opening);
    await client.response();
    client.leave();
    await observer.until("its end", () => observer.ends === 1 || observer.ending !== undefined);
    expect(gone).toEqual([]);
  });

  test("answers 504 when the deadline passes, and tells it", async () => {
    const { listening, client } = await connected(under, { ...LongDeadlines, answerMs: 50 });
    const gone: string[] = [];
    listening.onOpening = (opening) => (opening.onGone = (reason) => gone.push(reason));
    client.ask();
    expect((await client.response()).status).toBe(504);
    expect(gone).toEqual(["deadline"]);
    expect(listening.refusals).toEqual([]);
    accept(listening.openings[0]!);
    await turns();
    expect(gone).toEqual(["deadline"]);
  });

  test("does not time what has its answer", async () => {
    const { listening, client } = await connected(under, { ...LongDeadlines, answerMs: 50 });
    client.ask();
    const { stream } = accept(await listening.nextOpening());
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.write(Buffer.from("alive"), 0, 5, "kept");
    expect((await client.received(5)).toString()).toBe("alive");
    expect(listening.refusals).toEqual([]);
  });
}
