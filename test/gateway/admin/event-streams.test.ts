import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { EventStreams, type EventStreamTimes } from "../../../src/gateway/admin/event-streams.ts";

const Times: EventStreamTimes = { heartbeatMs: 60_000, stallMs: 60_000 };
const Large = "x".repeat(65_536);

/** An event stream to a client that has asked on a plain socket; `text` is what that has read. */
async function opened(times: Partial<EventStreamTimes> = {}) {
  const responses = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => responses.resolve(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP port");
  const socket: Socket = connect(address.port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const read = { text: "" };
  socket.setEncoding("utf8").on("data", (text: string) => (read.text += text));
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const response = await responses.promise;
  response.on("error", () => undefined);
  const streams = new EventStreams({ ...Times, ...times });
  const onEnd = vi.fn<() => void>();
  const stream = streams.open(response, onEnd);
  return { streams, stream, response, socket, read, onEnd };
}

test("it begins at once, and beats where nothing else is said", async () => {
  const { read } = await opened({ heartbeatMs: 20 });
  await vi.waitFor(() => expect(read.text.match(/:\n\n/g)?.length).toBeGreaterThan(3));
});

test("an event is its type and a line of JSON", async () => {
  const { stream, read } = await opened();
  stream.send("frame", { text: "a\nb" });
  await vi.waitFor(() => expect(read.text).toContain('event: frame\ndata: {"text":"a\\nb"}\n\n'));
});

test("what a reader has no room for is left out, and it is told how many", async () => {
  const { stream, response, socket, read } = await opened();
  socket.pause();
  let sent = 0;
  // What the kernel takes between the two is some megabytes; then it piles up here.
  while (response.writableLength <= 262_144) {
    stream.send("frame", { at: (sent += 1), Large });
    await new Promise(setImmediate);
  }
  const queued = response.writableLength;
  for (let i = 0; i < 1_000; i++) stream.send("frame", { at: (sent += 1), Large });
  expect(response.writableLength).toBe(queued);
  socket.resume();
  await vi.waitFor(() =>
    expect(read.text).toMatch(/event: missed\ndata: \{"type":"missed","at":\d+,"count":1000\}\n\n/),
  );
  stream.send("frame", { at: "behind" });
  await vi.waitFor(() => expect(read.text).toContain('data: {"at":"behind"}'));
});

test("a reader that takes nothing is cut off, and nobody waits for it", async () => {
  const { streams, stream, response, socket, onEnd } = await opened({ stallMs: 100 });
  socket.pause();
  while (response.writableLength <= 262_144) {
    stream.send("frame", { Large });
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
  expect(response.destroyed).toBe(true);
  stream.send("frame", {});
  streams.end();
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test("a reader that takes what there is stays, however long", async () => {
  const { stream, read, onEnd } = await opened({ stallMs: 50, heartbeatMs: 10 });
  for (let i = 0; i < 5; i++) stream.send("frame", { Large });
  await vi.waitFor(() => expect(read.text.match(/:\n\n/g)?.length).toBeGreaterThan(12));
  expect(onEnd).not.toHaveBeenCalled();
});
