import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { resetSocket } from "../../src/transport/reset-socket.ts";
import { testCertificate } from "../support/certificates.ts";

/** Both ends of a TCP connection. */
async function tcpPair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const accepted: Promise<[Socket]> = once(server, "connection") as Promise<[Socket]>;
  const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [[near]] = await Promise.all([accepted, once(far, "connect")]);
  for (const socket of [near, far]) socket.on("error", () => undefined);
  onTestFinished(() => void far.destroy());
  return { near, far };
}

/** The codes of the errors of `socket`, once it is closed; rejects where that takes 5 s. */
function closing(socket: Socket): Promise<unknown[]> {
  const errors: unknown[] = [];
  socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error("it was never closed")), 5_000);
    socket.once("close", () => {
      clearTimeout(deadline);
      resolve(errors);
    });
  });
}

const Unfinished = Buffer.alloc(64 * 1024 * 1024);

test.each<{ when: string; prepare: (socket: Socket) => unknown }>([
  { when: "nothing was said", prepare: () => undefined },
  { when: "our half has ended", prepare: (socket) => once(socket.end(), "finish") },
  // The system refuses a reset then.
  { when: "our half is about to end", prepare: (socket) => socket.end() },
  { when: "our half is about to end behind the last bytes", prepare: (socket) => socket.end("a") },
  { when: "our half is to end behind what nobody takes", prepare: (socket) => socket.end(Unfinished) },
])("a socket is closed where $when", async ({ prepare }) => {
  const { near } = await tcpPair();
  await prepare(near);
  const closed = closing(near);
  resetSocket(near);
  expect(await closed).toEqual([]);
});

test.each<{ what: string; prepare: (socket: Socket) => unknown }>([
  { what: "nothing", prepare: () => undefined },
  { what: "what it does not take", prepare: (socket) => socket.write(Unfinished) },
  { what: "what it does not take, and the end", prepare: (socket) => socket.end(Unfinished) },
])("a peer that was sent $what hears of the reset", async ({ prepare }) => {
  const { near, far } = await tcpPair();
  prepare(near);
  resetSocket(near);
  const heard = closing(far);
  far.resume();
  expect(await heard).toEqual(["ECONNRESET"]);
});

/** A server's end of TLS, over `near`. */
async function securedOver({ near, far }: { readonly near: Socket; readonly far: Socket }): Promise<TLSSocket> {
  const { certificate, key } = await testCertificate();
  const server = createTlsServer({ cert: certificate, key });
  const secured = once(server, "secureConnection");
  server.emit("connection", near);
  connectTls({ socket: far, rejectUnauthorized: false }).on("error", () => undefined);
  const [socket]: TLSSocket[] = await secured;
  if (socket === undefined) throw new Error("there is no TLS");
  socket.allowHalfOpen = true;
  return socket.on("error", () => undefined).resume();
}

const turns: Readonly<Record<string, (go: () => void) => void>> = {
  "at once": (go) => go(),
  "a microtask later": queueMicrotask,
  "a tick later": process.nextTick,
  "a turn later": setImmediate,
};

test.each(Object.keys(turns))("the connection beneath TLS that ends is closed where it is reset %s", async (when) => {
  const pair = await tcpPair();
  const top = await securedOver(pair);
  const closed = new Promise((resolve) => pair.near.once("close", () => resolve("closed")));
  top.end("a");
  turns[when]?.(() => resetSocket(pair.near, top));
  expect(await closed).toBe("closed");
});
