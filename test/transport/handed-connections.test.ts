import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { SharedPort, type AcceptedSocket } from "../../src/transport/shared-port.ts";
import { listenFor, type Access } from "../support/listening.ts";
import { EachWayIn, openEcho } from "../support/live-echo.ts";

// Connections that another process has accepted: here a port of this process accepts and reads nothing.

/** A listener that takes what a port accepts. */
async function listenHanded(access: Access) {
  const listening = await listenFor(access, {}, undefined, { isHanded: true });
  const accepted: AcceptedSocket[] = [];
  const shared = new SharedPort(
    (socket) => {
      accepted.push(socket);
      listening.listener.take(socket);
    },
    () => undefined,
  );
  onTestFinished(() => shared.close());
  const { port } = await shared.listen({ host: "127.0.0.1", port: 0 });
  return { listening, port, accepted };
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

describe.each(EachWayIn)("over $access and HTTP/$version", ({ access, version }) => {
  test("a connection that was handed over is served like one of its own", async () => {
    const { listening, port, accepted } = await listenHanded(access);
    const echo = await openEcho({ listening, access, version }, await connectTo(port));
    await echo.roundTrip();
    expect(listening.opened[0]).toMatchObject({ httpVersion: version, remoteAddress: "127.0.0.1", localPort: port });
    expect(listening.listener.openConnections).toBe(1);
    // Under TLS node sees to it.
    expect(accepted[0]?.allowHalfOpen).toBe(access === "cleartext");
  });

  test("a listener that has stopped resets what still comes, and is idle when the last connection is gone", async () => {
    const { listening, port } = await listenHanded(access);
    const echo = await openEcho({ listening, access, version }, await connectTo(port));
    listening.listener.stopAccepting();
    await expect(connectTo(port)).rejects.toMatchObject({ code: "ECONNRESET" });
    await echo.roundTrip();
    const idle = vi.fn<() => void>();
    const isIdle = listening.listener.idle(AbortSignal.timeout(5_000)).then(idle);
    expect(idle).not.toHaveBeenCalled();
    echo.socket.destroy();
    await isIdle;
    expect(listening.listener.openConnections).toBe(0);
  });
});

test("one without connections is idle at once", async () => {
  const { listening } = await listenHanded("cleartext");
  listening.listener.stopAccepting();
  await listening.listener.idle(AbortSignal.timeout(5_000));
  await listening.listener.destroy();
});

test("a port says why it cannot be bound", async () => {
  const { port } = await listenHanded("cleartext");
  const failed = vi.fn<() => void>();
  const second = new SharedPort(() => expect.unreachable(), failed);
  await expect(second.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(failed).not.toHaveBeenCalled();
});
