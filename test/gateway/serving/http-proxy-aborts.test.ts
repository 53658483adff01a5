import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { testCertificate } from "../../support/certificates.ts";
import { listening, proxyTo } from "../../support/proxying.ts";
import { recordingUpstream } from "../../support/recording-upstream.ts";

const Begun = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";

/** Resolves with what a socket ended by: the code of its error. */
async function errorOf(socket: Socket): Promise<unknown> {
  const [error] = await once(socket, "error");
  return error.code;
}

test.each([
  { when: "before the answer", response: "" },
  { when: "within it", response: Begun },
  { when: "within one that ends with its connection", response: "HTTP/1.1 200 OK\r\n\r\nhello" },
])("a request that its client leaves $when is reset, so that no port is kept for it", async ({ response }) => {
  const told = Promise.withResolvers<Socket>();
  const upstream = await recordingUpstream((socket) => {
    socket.write(response);
    told.resolve(socket);
  });
  const exchange = proxyTo([upstream.address]).ask();
  const socket = await told.promise;
  if (response !== "") await exchange.nextPart();
  const ended = errorOf(socket);
  exchange.leave();
  expect(await ended).toBe("ECONNRESET");
});

test("a request over TLS that its client leaves is reset", async () => {
  const { certificate: ca, key } = await testCertificate();
  const told = Promise.withResolvers<unknown>();
  const server = createTlsServer({ cert: ca, key }, (socket) => {
    socket.once("data", () => socket.write(Begun));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => told.resolve(code));
  });
  onTestFinished(() => void server.close());
  const address = await listening(server);
  const exchange = proxyTo([{ ...address, tls: { ca, serverName: undefined, verify: false } }]).ask();
  await exchange.nextPart();
  exchange.leave();
  expect(await told.promise).toBe("ECONNRESET");
});
