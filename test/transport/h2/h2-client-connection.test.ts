import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectHawser, connectSettings } from "../../support/hawser-client.ts";
import { dataOf, fatalCode, goAwaysOf } from "../../support/hawser-serving.ts";
import { Flag, FrameType, H2Code, headersFrame, rawFrame, settingsFrame, uint32 } from "../../support/raw-h2.ts";
import { pattern } from "../../support/stream-driver.ts";

const { NoError, Cancel } = H2Code;
const MaxConcurrentStreams = 3;
const EnablePush = 2;
const SettingsTimeout = 4;
const EnhanceYourCalm = 11;
const InternalError = 2;

const goAway = (lastStreamId: number, code: number = NoError): Buffer =>
  rawFrame(FrameType.GoAway, Flag.None, 0, uint32(lastStreamId, code));
const answer = (streamId: number): Buffer => headersFrame(streamId, [[":status", "200"]]);

describe("a client's connection", () => {
  test("begins with SETTINGS that take no pushes, and waits for the server's", async () => {
    const { server, client, told, until } = await connectHawser({ first: Buffer.alloc(0) });
    await server.until("SETTINGS", () => server.framesOf(FrameType.Settings).length > 0);
    const [{ payload } = { payload: Buffer.alloc(0) }] = server.framesOf(FrameType.Settings);
    expect([payload.readUInt16BE(0), payload.readUInt32BE(2)]).toEqual([EnablePush, 0]);
    expect(client.hasRoom).toBe(false);
    server.send(connectSettings());
    await until("SETTINGS", () => told.includes("settings"));
    expect(client).toMatchObject({ hasRoom: true, takesWebSockets: true, isEmpty: true });
  });

  test("of a server that takes no WebSockets says so", async () => {
    const { client, told, until } = await connectHawser({ first: settingsFrame() });
    await until("SETTINGS", () => told.includes("settings"));
    expect(client.takesWebSockets).toBe(false);
  });

  test("opens odd streams, each with an Extended CONNECT and no end", async () => {
    const { open, server } = await connectHawser();
    await open();
    await open();
    const heads = server.framesOf(FrameType.Headers);
    expect(heads.map(({ streamId, flags }) => [streamId, flags])).toEqual([
      [1, Flag.EndHeaders],
      [3, Flag.EndHeaders],
    ]);
  });

  test("carries bytes both ways, within the windows that it is given", async () => {
    const { open, server } = await connectHawser();
    const { stream, observer } = await open();
    const sent = pattern(100_000);
    stream.write(sent, 0, sent.length, "kept");
    await server.until("a window full", () => dataOf(server, 1).length === 65_535);
    await server.roundTrip();
    expect(dataOf(server, 1)).toHaveLength(65_535);
    server.send(rawFrame(FrameType.WindowUpdate, Flag.None, 0, uint32(100_000)));
    server.send(rawFrame(FrameType.WindowUpdate, Flag.None, 1, uint32(100_000)));
    await server.until("all", () => dataOf(server, 1).length === sent.length);
    expect(dataOf(server, 1).equals(sent)).toBe(true);
    for (let at = 0; at < 200_000; at += 10_000) {
      server.send(rawFrame(FrameType.Data, Flag.None, 1, pattern(10_000)));
      await server.roundTrip();
    }
    expect(observer.receivedBytes).toBe(200_000);
  });
});

describe("room on a connection", () => {
  test.each([
    { what: "what it may have", maxStreams: 2, first: connectSettings() },
    { what: "what its server lets it have", maxStreams: 9, first: connectSettings([MaxConcurrentStreams, 2]) },
  ])("is $what", async ({ maxStreams, first }) => {
    const { client, ask, open, server, told, until } = await connectHawser({ maxStreams, first });
    await until("SETTINGS", () => told.includes("settings"));
    ask();
    expect(client.hasRoom).toBe(true);
    const { stream } = await open();
    expect(client.hasRoom).toBe(false);
    stream.abort("cancel");
    await until("room", () => told.includes("room"));
    expect(client.hasRoom).toBe(true);
    expect(await server.resetCode(3)).toBe(Cancel);
  });

  test("comes and goes with the server's SETTINGS", async () => {
    const { client, ask, server, told, until } = await connectHawser();
    ask();
    server.send(settingsFrame([[MaxConcurrentStreams, 1]]));
    await until("the change", () => told.length === 2);
    expect(client.hasRoom).toBe(false);
    server.send(settingsFrame([[MaxConcurrentStreams, 2]]));
    await until("the change", () => told.length === 3);
    expect(client.hasRoom).toBe(true);
    expect(told).toEqual(["settings", "room", "room"]);
  });

  test("that a stream leaves on a full one is there when the server has answered a PING behind it", async () => {
    const { client, open, server, told } = await connectHawser({ first: connectSettings([MaxConcurrentStreams, 1]) });
    await server.roundTrip();
    const { stream } = await open();
    server.acknowledges = false;
    stream.abort("cancel");
    expect(await server.resetCode(1)).toBe(Cancel);
    await server.until("a PING", () => server.framesOf(FrameType.Ping).some(({ flags }) => flags === Flag.None));
    expect(client.hasRoom).toBe(false);
    server.send(rawFrame(FrameType.Ping, Flag.Ack, 0, Buffer.alloc(8)));
    await vi.waitFor(() => expect(told).toContain("room"));
    expect(client.hasRoom).toBe(true);
  });

  test("is none where there is no stream id left, and the connection ends behind the last stream", async () => {
    const { client, open, told, until, server } = await connectHawser({ maxStreamId: 3 });
    const { stream } = await open();
    expect(client.hasRoom).toBe(true);
    const last = await open();
    expect(client.hasRoom).toBe(false);
    expect(told).toEqual(["settings", "leaving"]);
    stream.abort("cancel");
    last.stream.abort("cancel");
    await until("the end", () => told.includes("closed"));
    expect(goAwaysOf(server)).toEqual([[0, NoError]]);
  });
});

describe("GOAWAY", () => {
  test("leaves the streams that the server has looked at, and the others may be asked for elsewhere", async () => {
    const { client, open, ask, server, told, until } = await connectHawser();
    const { stream, observer } = await open();
    const [second, third] = [ask(), ask()];
    server.send(goAway(3));
    expect(await third.result).toMatchObject({ type: "unprocessed" });
    expect(client.hasRoom).toBe(false);
    server.send(answer(3), answer(5), rawFrame(FrameType.Data, Flag.EndStream, 1, pattern(3)));
    expect(await second.result).toMatchObject({ type: "accepted" });
    await observer.until("the end of the server's half", () => observer.ends === 1);
    stream.end();
    second.pending.abort();
    server.send(rawFrame(FrameType.RstStream, Flag.None, 3, uint32(Cancel)));
    await until("the end", () => told.includes("closed"));
    expect(observer.ending).toEqual({ type: "ended" });
    expect(told).toEqual(["settings", "leaving", "closed"]);
  });

  test("with an error takes all streams with it", async () => {
    const { open, ask, server } = await connectHawser();
    const { observer } = await open();
    const [second, third] = [ask(), ask()];
    server.send(goAway(3, InternalError));
    expect(await third.result).toMatchObject({ type: "unprocessed" });
    expect(await second.result).toMatchObject({ type: "lost" });
    expect(observer.ending).toEqual({ type: "connection-lost" });
  });

  test("is said twice by a server that leaves in order: first with every id, then with the last", async () => {
    const { ask, server } = await connectHawser();
    const first = ask();
    server.send(goAway(2 ** 31 - 1), goAway(1), answer(1));
    expect(await first.result).toMatchObject({ type: "accepted" });
  });
});

describe("the end of a connection", () => {
  test.each([
    { how: "the server's FIN", end: (socket: { end(): unknown }) => socket.end() },
    { how: "a reset", end: (socket: { resetAndDestroy(): unknown }) => socket.resetAndDestroy() },
  ])("by $how is lost to all its streams", async ({ end }) => {
    const { open, ask, server, told, until } = await connectHawser();
    const { observer } = await open();
    const { result } = ask();
    end(server.socket);
    expect(await result).toMatchObject({ type: "lost" });
    expect(observer.ending).toEqual({ type: "connection-lost" });
    await until("the end", () => told.includes("closed"));
    expect(told).toEqual(["settings", "leaving", "closed"]);
  });

  test("comes a while behind its last stream, in order", async () => {
    const { open, server, told, until } = await connectHawser({ idleMs: 20 });
    const { stream } = await open();
    stream.abort("cancel");
    await until("the end", () => told.includes("closed"));
    expect(goAwaysOf(server)).toEqual([[0, NoError]]);
    expect(told).toEqual(["settings", "room", "leaving", "closed"]);
  });

  test("comes at once where it is retired without a stream, and otherwise behind the last one", async () => {
    const unused = await connectHawser();
    unused.client.retire();
    await unused.until("the end", () => unused.told.includes("closed"));
    const { client, open, told, until } = await connectHawser();
    const { stream, observer } = await open();
    client.retire();
    expect(observer.ending).toBeUndefined();
    stream.abort("cancel");
    await until("the end", () => told.includes("closed"));
  });

  test("comes when a server answers no PING", async () => {
    const { open, server } = await connectHawser({ pingIntervalMs: 20, pongMs: 30 });
    const { observer } = await open();
    server.acknowledges = false;
    await observer.until("the end", () => observer.ending !== undefined);
    expect(observer.ending).toEqual({ type: "connection-lost" });
  });

  test("leaves no timer", async () => {
    const timersLeft = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timersLeft();
    const { client, ask, told, until } = await connectHawser({ pingIntervalMs: 60_000 });
    ask();
    client.destroy();
    await until("the end", () => told.includes("closed"));
    await expect.poll(timersLeft).toBeLessThanOrEqual(before);
  });
});

describe("a deadline", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    { what: "SETTINGS", first: Buffer.alloc(0) },
    { what: "an acknowledgement of ours", first: connectSettings() },
  ])("is for $what", async ({ first }) => {
    const { server } = await connectHawser({ first });
    server.acknowledges = false;
    server.frames.length = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(await fatalCode(server)).toBe(SettingsTimeout);
  });

  test("is for a connection without a stream, and not for one that has another by then", async () => {
    const { client, open } = await connectHawser({ idleMs: 1_000 });
    const first = await open();
    first.stream.abort("cancel");
    const second = await open();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(client.hasRoom).toBe(true);
    second.stream.abort("cancel");
    await vi.advanceTimersByTimeAsync(999);
    expect(client.hasRoom).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(client.hasRoom).toBe(false);
  });

  test("is for a header block", async () => {
    const { ask, server } = await connectHawser();
    ask();
    // What comes in one piece with a PING has been read when that is answered.
    const pings = server.framesOf(FrameType.Ping).length;
    server.send(rawFrame(FrameType.Ping, Flag.None, 0, Buffer.alloc(8)), rawFrame(FrameType.Headers, Flag.None, 1));
    await server.until("its answer", () => server.framesOf(FrameType.Ping).length > pings);
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect(await fatalCode(server)).toBe(EnhanceYourCalm);
  });
});
