import { expect, test } from "vitest";
import { connectFields, Flag, FrameType, headersFrame, rawFrame } from "../support/raw-h2.ts";
import { serveConnection, type CreateEngine } from "../support/serving-engine.ts";

const ProtocolError = 1;

type Fields = [string, string][];

const Get: Fields = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "example.com"],
  [":path", "/page?x=1"],
];

/** `fields` with `name` set to `value`, or left out. */
function withField(fields: Fields, name: string, value: string | undefined): Fields {
  const rest = fields.filter(([found]) => found !== name);
  return value === undefined ? rest : name.startsWith(":") ? [[name, value], ...rest] : [...rest, [name, value]];
}

export function describeH2Requests(create: CreateEngine): void {
  test("announces its limits, its window and Extended CONNECT", async () => {
    const { client } = await serveConnection(create, {
      http2: {
        maxConcurrentStreams: 77,
        streamWindowBytes: 50_000,
        connectionWindowBytes: 3_000_000,
      },
      headers: { maxHeaderBytes: 5_000 },
    });
    await client.roundTrip();
    const [settings] = client.framesOf(FrameType.Settings);
    const announced = new Map<number, number>();
    for (let at = 0; at < settings!.payload.length; at += 6) {
      announced.set(settings!.payload.readUInt16BE(at), settings!.payload.readUInt32BE(at + 2));
    }
    expect(announced.get(3)).toBe(77);
    expect(announced.get(4)).toBe(50_000);
    expect(announced.get(6)).toBeGreaterThanOrEqual(5_000);
    expect(announced.get(8)).toBe(1);
    const [update] = client.framesOf(FrameType.WindowUpdate, 0);
    expect(65_535 + update!.payload.readUInt32BE()).toBe(3_000_000);
  });

  test("makes an opening of an Extended CONNECT", async () => {
    const { client, sink, connection } = await serveConnection(create);
    client.send(headersFrame(1, [...connectFields("/chat"), ["sec-websocket-protocol", "a, b"], ["x-name", "value"]]));
    const opening = await sink.nextOpening();
    expect(opening.streamId).toBe(1);
    expect(opening.connection).toBe(connection.facts);
    expect(opening.request).toEqual({
      httpVersion: "2",
      scheme: "http",
      authority: "example.com",
      path: "/chat",
      subprotocols: ["a", "b"],
      extensions: "",
      fields: ["sec-websocket-protocol", "a, b", "x-name", "value"],
    });
    expect(connection.openStreams).toBe(1);
  });

  test.each([
    { what: "another protocol", name: ":protocol", value: "connect-udp", status: 501, refusal: "not-websocket" },
    { what: "another version", name: "sec-websocket-version", value: "8", status: 400, refusal: "version" },
    { what: "a bad authority", name: ":authority", value: "a,b", status: 400, refusal: "malformed" },
    { what: "another host", name: "host", value: "example.org", status: 400, refusal: "malformed" },
    { what: "a subprotocol twice", name: "sec-websocket-protocol", value: "a, a", status: 400, refusal: "malformed" },
    { what: "bad extensions", name: "sec-websocket-extensions", value: "a;;", status: 400, refusal: "malformed" },
    { what: "outer whitespace", name: "x-odd", value: " a", status: 400, refusal: "malformed" },
    { what: "a content-length", name: "content-length", value: "0", status: 400, refusal: "malformed" },
  ])("refuses an Extended CONNECT with $what: $status", async ({ name, value, status, refusal }) => {
    const { client, sink } = await serveConnection(create);
    client.send(headersFrame(1, withField(connectFields(), name, value)));
    expect(await client.status(1)).toBe(status);
    expect(sink.refusals).toEqual([refusal]);
    await expectServing(client, sink);
  });

  test("refuses a plain CONNECT: 501", async () => {
    const { client, sink } = await serveConnection(create);
    client.send(
      headersFrame(1, [
        [":method", "CONNECT"],
        [":authority", "example.com:80"],
      ]),
    );
    expect(await client.status(1)).toBe(501);
    expect(sink.refusals).toEqual(["not-websocket"]);
    await expectServing(client, sink);
  });

  test("lives on when DATA follows the refusal of a CONNECT with content-length", async () => {
    const { client, sink } = await serveConnection(create);
    client.send(headersFrame(1, [...connectFields(), ["content-length", "0"]]));
    expect(await client.status(1)).toBe(400);
    await client.roundTrip();
    client.send(rawFrame(FrameType.Data, Flag.None, 1, Buffer.from("frames")));
    await expectServing(client, sink);
  });

  test.each<{ what: string; fields: Fields }>([
    { what: "a CONNECT without :path", fields: withField(connectFields(), ":path", undefined) },
    { what: "a CONNECT whose :path is no path", fields: withField(connectFields(), ":path", "*") },
    { what: "userinfo", fields: withField(connectFields(), ":authority", "user@example.com") },
    { what: "a :protocol on a GET", fields: withField(Get, ":protocol", "websocket") },
    { what: "an upper-case name", fields: [...connectFields(), ["X-Upper", "a"]] },
    { what: "a connection field", fields: [...connectFields(), ["connection", "upgrade"]] },
    { what: "an unknown pseudo-field", fields: [[":unknown", "a"], ...connectFields()] },
    { what: "a pseudo-field behind others", fields: [["x-first", "a"], ...connectFields()] },
  ])("answers $what with 400 or PROTOCOL_ERROR, and serves on", async ({ fields }) => {
    const { client, sink } = await serveConnection(create);
    client.send(headersFrame(1, fields));
    await client.until("an answer", () => client.frames.some(({ streamId }) => streamId === 1));
    const reset = client.framesOf(FrameType.RstStream, 1)[0];
    const answer = reset?.payload.readUInt32BE() ?? (await client.status(1));
    expect([400, ProtocolError]).toContain(answer);
    expect(sink.openings).toEqual([]);
    await expectServing(client, sink);
  });

  test.each(["a\r\nset-cookie: b=1", "a\0", "\u007f"])("lets no %j through", async (value) => {
    const { client, sink } = await serveConnection(create);
    client.send(headersFrame(1, [...connectFields(), ["x-evil", value]]));
    await client.roundTrip();
    // Whoever drops the field need not refuse the request.
    for (const { request } of sink.openings) expect(request.fields).toEqual([]);
    await expectServing(client, sink);
  });

  test("refuses an opening whose fields are more than it takes with 431, and serves on", async () => {
    const { client, sink } = await serveConnection(create, { headers: { maxHeaderBytes: 4_000 } });
    client.send(headersFrame(1, [...connectFields(), ["x-long", "a".repeat(5_000)]]));
    expect(await client.status(1)).toBe(431);
    expect(sink.refusals).toEqual(["header-size"]);
    expect(sink.openings).toEqual([]);
    await expectServing(client, sink);
  });

  test("answers 431, or resets a stream, whose fields are far more than it takes, and serves on", async () => {
    const { client, sink } = await serveConnection(create, { headers: { maxHeaderBytes: 1_000 } });
    client.send(headersFrame(1, [...connectFields(), ["x-long", "a".repeat(5_000)]]));
    await client.until("an answer", () => client.frames.some(({ streamId }) => streamId === 1));
    const isReset = client.framesOf(FrameType.RstStream, 1).length > 0;
    expect(isReset || (await client.status(1)) === 431).toBe(true);
    expect(sink.openings).toEqual([]);
    await expectServing(client, sink);
  });

  test("makes an exchange of another request, and sends its answer", async () => {
    const { client, sink, connection } = await serveConnection(create);
    client.send(headersFrame(1, [...Get, ["x-name", "value"]], { endStream: true }));
    const exchange = await sink.nextExchange();
    expect(exchange).toMatchObject({
      method: "GET",
      path: "/page?x=1",
      authority: "example.com",
      fields: ["x-name", "value"],
      streamId: 1,
      connection: connection.facts,
    });
    exchange.respond({ status: 404, fields: ["content-length", "1", "connection", "close"], body: "not found" });
    exchange.respond({ status: 200, fields: [], body: "" });
    expect(await client.status(1)).toBe(404);
    await client.until("the body", () =>
      client.framesOf(FrameType.Data, 1).some(({ flags }) => flags === Flag.EndStream),
    );
    expect(Buffer.concat(client.framesOf(FrameType.Data, 1).map(({ payload }) => payload)).toString()).toBe(
      "not found",
    );
    await sink.until("no stream", () => connection.openStreams === 0);
  });

  test.each([
    { method: "HEAD", status: 200, body: "a body" },
    { method: "GET", status: 204, body: "" },
    { method: "GET", status: 200, body: "" },
  ])("answers $method with a $status without DATA", async ({ method, status, body }) => {
    const { client, sink, connection } = await serveConnection(create);
    client.send(headersFrame(1, withField(Get, ":method", method), { endStream: true }));
    (await sink.nextExchange()).respond({ status, fields: [], body });
    expect(await client.status(1)).toBe(status);
    await sink.until("no stream", () => connection.openStreams === 0);
    expect(client.framesOf(FrameType.Data, 1).every(({ payload }) => payload.length === 0)).toBe(true);
    expect(client.framesOf(FrameType.RstStream, 1)).toEqual([]);
  });

  test("takes no more of a body that nobody reads than its window, and drops a little behind the answer", async () => {
    const { client, sink } = await serveConnection(create, { http2: { streamWindowBytes: 65_535 } });
    client.send(headersFrame(1, withField(Get, ":method", "POST")));
    const exchange = await sink.nextExchange();
    const parts = [16_384, 16_384, 16_384, 16_383];
    const window = parts.map((bytes) => rawFrame(FrameType.Data, Flag.None, 1, Buffer.alloc(bytes)));
    client.send(...window);
    await client.roundTrip();
    expect(client.framesOf(FrameType.WindowUpdate, 1)).toEqual([]);
    exchange.respond({ status: 405, fields: [], body: "" });
    expect(await client.status(1)).toBe(405);
    await client.until("a window", () => client.framesOf(FrameType.WindowUpdate, 1).length > 0);
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 1));
    await client.roundTrip();
    expect(client.framesOf(FrameType.RstStream)).toEqual([]);
    await expectServing(client, sink);
  });

  test.each<{ what: string; fields: Fields }>([
    { what: "a bad authority", fields: withField(Get, ":authority", "a,b") },
    { what: "another host", fields: [...Get, ["host", "example.org"]] },
    { what: "a target that is no path", fields: withField(withField(Get, ":method", "OPTIONS"), ":path", "/#a") },
  ])("refuses a request with $what: 400", async ({ fields }) => {
    const { client, sink } = await serveConnection(create);
    client.send(headersFrame(1, fields, { endStream: true }));
    expect(await client.status(1)).toBe(400);
    expect(sink.refusals).toEqual(["malformed"]);
    await expectServing(client, sink);
  });
}

/** Asks for one more WebSocket, which must be opened. */
export async function expectServing(
  client: Awaited<ReturnType<typeof serveConnection>>["client"],
  sink: Awaited<ReturnType<typeof serveConnection>>["sink"],
): Promise<void> {
  const nth = sink.openings.length + 1;
  client.send(headersFrame(9_001, connectFields()));
  (await sink.nextOpening(nth)).accept({});
  expect(await client.status(9_001)).toBe(200);
  expect(client.framesOf(FrameType.GoAway)).toEqual([]);
}
