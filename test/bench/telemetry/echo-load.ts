// The load of the bench beside: clients that send one message after the other, and the upstream that answers each with one.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { encodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { binaryFrame } from "../../../src/protocol/frame/frame.ts";

/** What the bench asks for. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  /** On each connection, one at a time. */
  readonly messages: number;
  readonly payloadBytes: number;
}

const MaskKey = Uint8Array.of(1, 2, 3, 4);

/** Answers each `request` of so many bytes with `answer`, `count` times at most. */
function answerEach(socket: Socket, requestBytes: number, answer: Uint8Array): void {
  let received = 0;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    for (; received >= requestBytes; received -= requestBytes) socket.write(answer);
  });
}

/** The connections to each port: they stay, so that no opening is part of what a message costs. */
const standing = new Map<number, readonly Socket[]>();

async function connectionsTo(port: number, count: number): Promise<readonly Socket[]> {
  const known = standing.get(port);
  if (known !== undefined) return known;
  const sockets = Array.from({ length: count }, () => connect({ port, host: "127.0.0.1", noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  standing.set(port, sockets);
  return sockets;
}

async function play({ port, connections, messages, payloadBytes }: LoadOrder): Promise<void> {
  const request = encodeFrame(binaryFrame(new Uint8Array(payloadBytes)), { maskKey: MaskKey });
  const answer = encodeFrame(binaryFrame(new Uint8Array(payloadBytes)));
  sizes = { request: request.length, answer };
  const sockets = await connectionsTo(port, connections);
  await Promise.all(sockets.map((socket) => converse(socket, messages, request, answer.length)));
}

/** Sends `request` `count` times, each when the one before has its answer. */
async function converse(socket: Socket, count: number, request: Uint8Array, answerBytes: number): Promise<void> {
  let [left, received] = [count, 0];
  const done = Promise.withResolvers<void>();
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    if (received < answerBytes) return;
    received -= answerBytes;
    left -= 1;
    if (left === 0) done.resolve();
    else socket.write(request);
  };
  socket.on("data", onData);
  socket.write(request);
  await done.promise;
  socket.off("data", onData);
}

let sizes: { readonly request: number; readonly answer: Uint8Array } = { request: 0, answer: new Uint8Array(0) };
const upstream = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  answerEach(socket, sizes.request, sizes.answer);
});
upstream.listen(0, "127.0.0.1", () => process.send?.((upstream.address() as AddressInfo).port));
process.on("message", (order: LoadOrder) => {
  void play(order).then(() => process.send?.("done"));
});
