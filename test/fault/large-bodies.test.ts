import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { request as requestHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { testCertificate } from "../support/certificates.ts";
import { openH1Echo, openH2Echo, type CheckedEcho } from "../support/checked-echo.ts";
import { startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { LargeContent, type LargeReceiver, type LargeSender } from "../support/large-content.ts";
import { memoryOf, mostBufferedBytes } from "../support/process-memory.ts";

// Content larger than the gateway may become: it passes through, and its receiver holds its sender.

const MiB = 1024 * 1024;
const ContentBytes = 1024 * MiB;
/** Where the receiver stops reading for a while. */
const PauseBytes = 64 * MiB;
/** What is in flight beside the kernel's buffers of two TCP connections: windows, and what the three processes have in hand. */
const MostHeldBytes = 8 * MiB;
/** What the gateway's process may grow by: garbage between two collections, mostly. */
const MostGrowthBytes = 192 * MiB;
/** Echoes of a neighbour on two busy cores, which are this process's and the gateway's. */
const MostEchoMs = 2_000;

const Begin = "begin";
const End = "end";

/** A request on its way: its content goes into `content`, what comes back out of `response`. */
interface Request {
  readonly content: Writable;
  response(): Promise<{ readonly status: number; readonly body: Readable }>;
}

interface Client {
  ask(method: string, path: string, fields?: Readonly<Record<string, string>>): Request;
  /** A WebSocket beside the requests, on HTTP/2 on the same connection. */
  neighbour(): Promise<CheckedEcho>;
}

let folder: string;
let gateway: GatewayProcess;
let backend: Server;
let port: number;
let baselineBytes: number;
/** What the backend's next request is answered by. */
let onRequest: ((request: IncomingMessage, response: Writable) => void) | undefined;

beforeAll(async () => {
  backend = createServer((request, response) => {
    request.on("error", () => undefined);
    onRequest?.(request, response);
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  folder = await mkdtemp(join(tmpdir(), "hawser-large-"));
  const file = await open(join(folder, "sparse.bin"), "w");
  await file.truncate(ContentBytes);
  await file.write(Begin, 0);
  await file.write(End, ContentBytes - End.length);
  await file.close();
  const { certificate, key } = await testCertificate();
  gateway = await startGateway(
    {
      listeners: [{ name: "main", address: "127.0.0.1:0", tls: { certificate: "certificate.pem", key: "key.pem" } }],
      routes: [
        { path: "/echo", handler: "echo" },
        { name: "files", pathPrefix: "/files", root: folder },
        { pathPrefix: "/", upstream: "backend" },
      ],
      upstreams: { backend: { addresses: [`http://127.0.0.1:${(backend.address() as AddressInfo).port}`] } },
    },
    { "certificate.pem": certificate, "key.pem": key },
  );
  port = Number(new URL(gateway.listeners.get("main") ?? "").port);
  baselineBytes = (await memoryOf(gateway.pid)).residentBytes;
});

beforeEach(() => onTestFailed(() => console.error(gateway.log)));

afterAll(async () => {
  await gateway?.stop();
  backend?.closeAllConnections();
  backend?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

async function h1Client(): Promise<Client> {
  return {
    ask(method, path, headers = {}) {
      const options = { host: "127.0.0.1", port, method, path, headers, rejectUnauthorized: false, agent: false };
      const request = requestHttps(options);
      const answer = once(request, "response");
      answer.catch(() => undefined);
      return {
        content: request,
        async response() {
          const [message] = (await answer) as [IncomingMessage];
          return { status: message.statusCode ?? 0, body: message };
        },
      };
    },
    neighbour: () => openH1Echo(port, "/echo"),
  };
}

async function h2Client(): Promise<Client> {
  const session: ClientHttp2Session = connectHttp2(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    settings: { initialWindowSize: 4 * MiB },
  });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  session.setLocalWindowSize(16 * MiB);
  return {
    ask(method, path, fields = {}) {
      const stream = session.request({ ":method": method, ":path": path, ...fields }, { endStream: method === "GET" });
      const answer = once(stream, "response");
      answer.catch(() => undefined);
      return {
        content: stream,
        async response() {
          const [head] = (await answer) as [{ readonly ":status"?: number }];
          return { status: head[":status"] ?? 0, body: stream };
        },
      };
    },
    neighbour: () => openH2Echo(session, "/echo"),
  };
}

/** The whole answer, which is short. */
async function answerTo(request: Request): Promise<{ status: number; text: string }> {
  const { status, body } = await request.response();
  return { status, text: await text(body) };
}

/** Has `count` messages echoed, one after the other. */
async function echo(neighbour: CheckedEcho, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    await new Promise<void>((resolve) => {
      neighbour.onEcho = resolve;
      neighbour.send(1_000);
    });
  }
}

/** What `sender` has sent when it sends no more, although `neighbour` goes on. */
async function stalled(sender: { readonly bytes: number }, neighbour: CheckedEcho): Promise<number> {
  let last = -1;
  for (let same = 0; same < 3; same = last === sender.bytes ? same + 1 : 0) {
    last = sender.bytes;
    await echo(neighbour, 200);
  }
  return last;
}

async function growthBytes(): Promise<number> {
  return (await memoryOf(gateway.pid)).peakBytes - baselineBytes;
}

describe.each([
  { version: "HTTP/1.1", connect: h1Client },
  { version: "HTTP/2", connect: h2Client },
])("1 GiB over $version", ({ connect }) => {
  /** Stops `receiver` for a while, and lets it go on to its end; its sender and the neighbour are looked at meanwhile. */
  async function passesSlowly(
    { sender, receiver }: { readonly sender: LargeSender; readonly receiver: LargeReceiver },
    client: Client,
  ): Promise<void> {
    const neighbour = await client.neighbour();
    await receiver.pausedAt(PauseBytes);
    const sentBytes = await stalled(sender, neighbour);
    expect(sentBytes).toBeGreaterThanOrEqual(PauseBytes);
    expect(sentBytes - receiver.bytes).toBeLessThan(2 * (await mostBufferedBytes()) + MostHeldBytes);
    receiver.resume();
    const state = { isOver: false };
    const over = receiver.done.finally(() => (state.isOver = true));
    const before = neighbour.echoed;
    let slowestMs = 0;
    while (!state.isOver) {
      const sentAt = performance.now();
      await echo(neighbour, 1);
      slowestMs = Math.max(slowestMs, performance.now() - sentAt);
    }
    await over;
    await sender.done;
    expect(receiver).toMatchObject({ bytes: ContentBytes, fault: undefined });
    expect(neighbour.echoed - before).toBeGreaterThan(20);
    expect(slowestMs).toBeLessThan(MostEchoMs);
    expect(neighbour).toMatchObject({ fault: undefined, closeCode: undefined });
    neighbour.destroy();
    const growth = await growthBytes();
    console.log(`grown by ${Math.round(growth / MiB)} MiB; slowest echo ${Math.round(slowestMs)} ms`);
    expect(growth).toBeLessThan(MostGrowthBytes);
  }

  test("comes down", async () => {
    const content = new LargeContent(ContentBytes);
    const sending = Promise.withResolvers<LargeSender>();
    onRequest = (_, response) => sending.resolve(content.sender(response));
    const client = await connect();
    const request = client.ask("GET", "/down");
    request.content.end();
    const { status, body } = await request.response();
    expect(status).toBe(200);
    await passesSlowly({ sender: await sending.promise, receiver: content.receiver(body) }, client);
  });

  test("goes up", async () => {
    const content = new LargeContent(ContentBytes);
    const receiving = Promise.withResolvers<LargeReceiver>();
    onRequest = (request, response) => {
      const receiver = content.receiver(request);
      receiving.resolve(receiver);
      request.once("end", () => response.end(String(receiver.bytes)));
    };
    const client = await connect();
    const request = client.ask("PUT", "/up", { "content-length": String(ContentBytes) });
    const sender = content.sender(request.content);
    const answer = answerTo(request);
    await passesSlowly({ sender, receiver: await receiving.promise }, client);
    expect(await answer).toEqual({ status: 200, text: String(ContentBytes) });
  });

  test("comes out of a file", async () => {
    const client = await connect();
    const range = `bytes=${Begin.length}-${ContentBytes - End.length - 1}`;
    const request = client.ask("GET", "/files/sparse.bin", { range });
    request.content.end();
    const { status, body } = await request.response();
    expect(status).toBe(206);
    const bytes = ContentBytes - Begin.length - End.length;
    const receiver = new LargeContent(bytes, Buffer.alloc(MiB)).receiver(body);
    await receiver.done;
    expect(receiver).toMatchObject({ bytes, fault: undefined });
    expect(await growthBytes()).toBeLessThan(MostGrowthBytes);
  });

  test.each([
    { range: "bytes=0-4", status: 206, text: "begin" },
    { range: `bytes=${ContentBytes - 3}-`, status: 206, text: "end" },
    { range: "bytes=-4", status: 206, text: "\0end" },
    { range: `bytes=${ContentBytes}-`, status: 416, text: "The file has no such range.\n" },
  ])("is asked for $range of a file", async ({ range, status, text }) => {
    const client = await connect();
    const request = client.ask("GET", "/files/sparse.bin", { range });
    request.content.end();
    expect(await answerTo(request)).toEqual({ status, text });
  });
});

test("a process that held so much would be seen", async () => {
  const holding = `const held = Buffer.alloc(${MostGrowthBytes}, 1); console.log("held"); process.stdin.once("end", () => held).resume()`;
  const child = spawn(process.execPath, ["-e", holding], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "exit");
  await once(child.stdout, "data");
  const { peakBytes } = await memoryOf(child.pid ?? 0);
  child.stdin.end();
  await gone;
  expect(peakBytes).toBeGreaterThan(MostGrowthBytes);
});
