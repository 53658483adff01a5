import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { writeLines } from "../../../src/gateway/admin/written-lines.ts";

const Part = `${"x".repeat(65_535)}\n`;
/** Far more than what the kernel takes between two sockets. */
const Parts = 2_000;

/** A reader that has asked and reads nothing, and the answer it is to get. */
async function asked() {
  const responses = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => responses.resolve(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP port");
  const socket = connect(address.port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  const response = await responses.promise;
  response.on("error", () => undefined);
  const state = { made: 0, isOver: false };
  async function* parts(): AsyncGenerator<string> {
    try {
      for (; state.made < Parts; state.made++) yield await Promise.resolve(Part);
    } finally {
      state.isOver = true;
    }
  }
  return { socket, response, state, parts: parts() };
}

/** Resolves when no more is made. */
async function standstill(state: { readonly made: number }): Promise<number> {
  let before = -1;
  await vi.waitFor(
    () => {
      const moved = state.made !== before;
      before = state.made;
      if (moved) throw new Error("more was made");
    },
    { interval: 100, timeout: 8_000 },
  );
  return before;
}

test("what nobody reads yet is not made yet, and all of it comes in the end", async () => {
  const { socket, response, state, parts } = await asked();
  const written = writeLines(response, parts);
  expect(await standstill(state)).toBeLessThan(Parts / 4);
  expect(response.writableLength).toBeLessThan(4 * Part.length);
  let received = 0;
  socket.on("data", (bytes: Buffer) => (received += bytes.length));
  await Promise.all([written, once(socket, "close")]);
  expect(received).toBeGreaterThan(Parts * Part.length);
});

test("where the reader takes nothing for twenty seconds, nothing more is made", async () => {
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
  onTestFinished(() => timeout.mockRestore());
  const { response, state, parts } = await asked();
  await expect(writeLines(response, parts)).rejects.toThrow("aborted");
  expect(timeout).toHaveBeenCalledWith(20_000);
  expect([state.isOver, state.made < Parts]).toEqual([true, true]);
});
