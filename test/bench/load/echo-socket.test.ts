import { describe, expect, test } from "vitest";
import { tryDecodeFrame } from "../../../src/protocol/frame/frame-codec.ts";
import { EchoMessage } from "./echo-message.ts";
import { EchoSocket } from "./echo-socket.ts";
import { FrameEcho } from "./frame-echo.ts";
import { Tally } from "./tally.ts";

/** What `socket` sends now, in pieces of up to `pieceBytes`. */
function takeAll(socket: EchoSocket, pieceBytes = Infinity): Buffer {
  const pieces: Buffer[] = [];
  for (let length = socket.unsentBytes; length > 0; length = socket.unsentBytes) {
    const piece = Buffer.alloc(Math.min(length, pieceBytes));
    socket.writeTo(piece, 0, piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function give(socket: EchoSocket, bytes: Uint8Array, pieceBytes: number): void {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    socket.receive(bytes, at, Math.min(bytes.length, at + pieceBytes));
  }
}

describe.each([8, 64, 125, 126, 300, 65_536])("messages of %i bytes", (payloadBytes) => {
  test.each([1, 7, 16_384])("are counted when they are back, in pieces of %i", (pieceBytes) => {
    const tally = new Tally();
    const message = new EchoMessage(payloadBytes);
    const sockets = [new EchoSocket(1, message, tally, 2), new EchoSocket(2, message, tally, 2)];
    const echoes = [new FrameEcho(), new FrameEcho()];
    tally.isRunning = true;
    for (const socket of sockets) socket.ask();
    for (const socket of sockets) socket.ask();
    for (let round = 0; round < 3; round++) {
      const sent = sockets.map((socket) => takeAll(socket, pieceBytes));
      expect(tryDecodeFrame(sent[0]!)?.frame.payload).toHaveLength(payloadBytes);
      for (const [index, bytes] of sent.entries()) give(sockets[index]!, echoes[index]!.read(bytes), pieceBytes);
    }
    tally.check();
    expect(tally.done).toBe(12);
    expect(sockets.map((socket) => socket.unsentBytes > 0)).toEqual([true, true]);
  });
});

describe("the load fails", () => {
  function sent(): { readonly tally: Tally; readonly socket: EchoSocket; readonly answer: Buffer } {
    const tally = new Tally();
    const socket = new EchoSocket(1, new EchoMessage(64), tally);
    socket.ask();
    return { tally, socket, answer: new FrameEcho().read(takeAll(socket)) };
  }

  test.each([0, 1, 2, 6, 10, 65])("where octet %i of what comes is another", (at) => {
    const { tally, socket, answer } = sent();
    answer[at]! ^= 1;
    give(socket, answer, 1_000);
    expect(() => tally.check()).toThrow("not what was sent");
  });

  test("where a message comes twice", () => {
    const { tally, socket, answer } = sent();
    give(socket, Buffer.concat([answer, answer]), 1_000);
    expect(() => tally.check()).toThrow("not what was sent");
  });

  test("where a WebSocket ends", () => {
    const { tally, socket } = sent();
    socket.onEnd();
    expect(() => tally.check()).toThrow("closed");
  });
});
