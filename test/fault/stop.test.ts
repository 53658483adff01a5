import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hex } from "../support/bits.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { h1Client } from "../support/opening-client.ts";
import { connectFields, Flag, FrameType, headersFrame, RawH2Client, rawFrame } from "../support/raw-h2.ts";
import { startWsBackend, type WsBackend } from "../support/ws-backend.ts";

// What a client sees of the real process when it is told to stop: in which order, and for how long at most.

const Restart = hex("88 02 03f4");
const ClientClose = hex("88 82 00000000 03f4");

let backend: WsBackend;
let gateway: GatewayProcess;
let port: number;

beforeEach(async () => {
  backend = await startWsBackend();
  gateway = await startGateway({
    listeners: [{ name: "main", address: "127.0.0.1:0" }],
    routes: [
      { path: "/relay", upstream: "backend" },
      { path: "/echo", handler: "echo" },
    ],
    upstreams: { backend: { addresses: [backend.url] } },
    deadlines: { closeMs: 60_000, drainMs: 1_000 },
  });
  port = Number(new URL(gateway.listeners.get("main") ?? "").port);
});

afterEach(async () => {
  gateway.signal("SIGKILL");
  await gateway.exited;
  await backend.stop();
});

async function tcp({ allowHalfOpen = false } = {}): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** An HTTP/2 client with a WebSocket on stream 1 (/relay) and one on stream 3 (/echo). */
async function openTwo(): Promise<RawH2Client> {
  const client = await new RawH2Client(await tcp()).handshake();
  client.send(headersFrame(1, connectFields("/relay")), headersFrame(3, connectFields("/echo")));
  expect([await client.status(1), await client.status(3)]).toEqual([200, 200]);
  return client;
}

const isEndOf = (streamId: number) => (frame: { streamId: number; flags: number; type: number }) =>
  frame.type === FrameType.Data && frame.streamId === streamId && (frame.flags & Flag.EndStream) !== 0;

describe("over HTTP/2", () => {
  test("Close 1012, END_STREAM, and GOAWAY behind the last of them; then the process exits with 0", async () => {
    const client = await openTwo();
    gateway.signal("SIGTERM");
    for (const streamId of [1, 3]) {
      await client.until("Close", () => client.framesOf(FrameType.Data, streamId).length > 0);
      expect(client.framesOf(FrameType.Data, streamId)[0]?.payload).toEqual(Buffer.from(Restart));
    }
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
    client.send(headersFrame(5, connectFields("/echo")));
    expect(await client.status(5)).toBe(503);
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 1, ClientClose));
    await client.until("END_STREAM on 1", () => client.frames.some(isEndOf(1)));
    expect(client.framesOf(FrameType.GoAway)).toEqual([]);
    client.send(rawFrame(FrameType.Data, Flag.EndStream, 3, ClientClose));
    await client.untilClosed();
    const end = client.frames.findLastIndex(isEndOf(3));
    expect(end).toBeGreaterThan(0);
    expect(client.frames.findIndex(({ type }) => type === FrameType.GoAway)).toBeGreaterThan(end);
    expect(client.framesOf(FrameType.RstStream, 1)).toEqual([]);
    expect(await gateway.exited).toBe(0);
  });

  test("clients that do not answer the Close are cut when drainMs is over, and the process exits with 0", async () => {
    const client = await openTwo();
    gateway.signal("SIGTERM");
    expect(await gateway.exited).toBe(0);
    await client.untilClosed();
    expect([await client.resetCode(1), await client.resetCode(3)]).toEqual([8, 8]);
    expect(gateway.log).toMatch(/gateway 1012 drain/);
  });
});

describe("over HTTP/1.1", () => {
  test.each(["/relay", "/echo"])("Close 1012 on %s, FIN behind the answer, exit 0", async (path) => {
    const socket = await tcp({ allowHalfOpen: true });
    const client = h1Client(socket);
    client.ask({ path });
    expect((await client.response()).status).toBe(101);
    gateway.signal("SIGINT");
    expect(await client.received(4)).toEqual(Buffer.from(Restart));
    const ended = once(socket, "end");
    socket.end(ClientClose);
    await ended;
    expect(await gateway.exited).toBe(0);
  });

  test("nobody can connect any more", async () => {
    const socket = await tcp();
    const client = h1Client(socket);
    client.ask({ path: "/relay" });
    await client.response();
    gateway.signal("SIGTERM");
    await client.received(4);
    const late = connect(port, "127.0.0.1");
    const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });
});

test.each([
  { first: "SIGTERM", second: "SIGINT", exitCode: 130 },
  { first: "SIGINT", second: "SIGTERM", exitCode: 143 },
] as const)("$second after $first waits for nobody", async ({ first, second, exitCode }) => {
  const client = await openTwo();
  gateway.signal(first);
  await client.until("Close", () => client.framesOf(FrameType.Data, 1).length > 0);
  gateway.signal(second);
  expect(await gateway.exited).toBe(exitCode);
  await client.untilClosed();
});
