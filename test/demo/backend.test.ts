import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { parseStreamField, startBackend, type Backend } from "../../config/demo/backend.ts";

describe("the field hawser-stream", () => {
  test.each([
    { value: undefined, field: undefined },
    { value: "http=2; connection=7; stream=13", field: { http: "2", connection: 7, stream: 13 } },
    { value: "http=1.1; connection=8", field: { http: "1.1", connection: 8, stream: undefined } },
    { value: "http=1.1; connection=8; stream=0", field: { http: "1.1", connection: 8, stream: undefined } },
    { value: "stream=13;connection=7;http=2", field: { http: "2", connection: 7, stream: 13 } },
    { value: "connection=seven; more", field: { http: undefined, connection: undefined, stream: undefined } },
  ])("$value", ({ value, field }) => {
    expect(parseStreamField(value)).toEqual(field);
  });
});

/** A `ws` client whose messages are waited for one by one. */
function openClient(port: number, subprotocols: string[] = [], options: ClientOptions = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, subprotocols, options);
  const messages = on(socket, "message");
  const next = async (): Promise<string | Buffer> => {
    const { value } = await messages.next();
    const [data, binary] = value ?? [];
    return binary ? data : data.toString();
  };
  return { socket, next };
}

describe("the demo backend", () => {
  let backend: Backend;

  afterEach(() => backend.close());

  async function open(subprotocols: string[] = [], options: ClientOptions = {}) {
    backend = await startBackend({ port: 0, http1Port: 8444 });
    const client = openClient(backend.port, subprotocols, options);
    return { ...client, hello: JSON.parse((await client.next()).toString()) };
  }

  test("says first what the gateway said, and where there is no HTTP/2", async () => {
    const { hello } = await open([], { headers: { "hawser-stream": "http=2; connection=7; stream=13" } });
    expect(hello).toEqual({ type: "hello", stream: { http: "2", connection: 7, stream: 13 }, http1Port: 8444 });
  });

  test("says nothing of a gateway where there is none", async () => {
    expect((await open()).hello).toEqual({ type: "hello", http1Port: 8444 });
  });

  test.each([
    { kind: "text", message: "Grüße" },
    { kind: "an empty text", message: "" },
    { kind: "a text that looks like a hello", message: '{"type":"hello"}' },
    { kind: "bytes", message: Buffer.from([0, 1, 2, 255]) },
    { kind: "1 MiB, compressed", message: Buffer.alloc(1_048_576, "hawser ") },
  ])("echoes $kind as it came", async ({ message }) => {
    const { socket, next } = await open();
    socket.send(message);
    expect(await next()).toEqual(message);
  });

  test.each([
    { offered: ["demo.v1"], chosen: "demo.v1" },
    { offered: ["other", "demo.v1"], chosen: "demo.v1" },
    { offered: [], chosen: "" },
  ])("chooses '$chosen' of $offered", async ({ offered, chosen }) => {
    expect((await open(offered)).socket.protocol).toBe(chosen);
  });

  test.each([
    { offered: true, extensions: "permessage-deflate" },
    { offered: false, extensions: "" },
  ])("agrees to permessage-deflate where it is offered: $offered", async ({ offered, extensions }) => {
    expect((await open([], { perMessageDeflate: offered })).socket.extensions).toBe(extensions);
  });

  test("echoes the code of a Close", async () => {
    const { socket } = await open();
    socket.close(4321, "enough");
    expect((await once(socket, "close"))[0]).toBe(4321);
  });

  test("closes with 1009 above 16 MiB", async () => {
    const { socket } = await open([], { perMessageDeflate: false });
    socket.on("error", () => undefined);
    socket.send(Buffer.alloc(16 * 1_048_576 + 1));
    expect((await once(socket, "close"))[0]).toBe(1009);
  });

  test("reads no further while its echo is not taken, and serves the others", async () => {
    const { socket, next } = await open([], { perMessageDeflate: false });
    const sibling = openClient(backend.port, [], { perMessageDeflate: false });
    await sibling.next();
    socket.pause();
    const mebibytes = 64;
    for (let index = 0; index < mebibytes; index++) socket.send(Buffer.alloc(1_048_576, index));
    for (let turn = 0; turn < mebibytes; turn++) {
      sibling.socket.send(Buffer.alloc(1_048_576));
      await sibling.next();
    }
    // What has left is in the buffers of the kernel, both ways, and 1 MiB in the backend.
    expect(socket.bufferedAmount).toBeGreaterThan((mebibytes / 2) * 1_048_576);
    socket.resume();
    for (let index = 0; index < mebibytes; index++) expect((await next()).at(0)).toBe(index);
  });

  test("closes with 1001 when it stops", async () => {
    const { socket } = await open();
    const closed = once(socket, "close");
    await backend.close();
    expect((await closed)[0]).toBe(1001);
  });
});

describe("the process of the demo backend", () => {
  async function start() {
    const child = spawn(process.execPath, ["config/demo/backend.ts", "--port", "0"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const { socket, next } = openClient(Number(/:(\d+)$/.exec(line)?.[1]));
    await next();
    return { child, ended: once(child, "exit"), closed: once(socket, "close") };
  }

  test("ends in order on SIGTERM", async () => {
    const { child, ended, closed } = await start();
    child.kill("SIGTERM");
    expect((await closed)[0]).toBe(1001);
    expect(await ended).toEqual([0, null]);
  });

  test("leaves Ctrl-C to the gateway that started it, and ends with it", async () => {
    const { child, ended, closed } = await start();
    child.kill("SIGINT");
    child.stdin.end();
    expect((await closed)[0]).toBe(1001);
    expect(await ended).toEqual([0, null]);
  });
});
