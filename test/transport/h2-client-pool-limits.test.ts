import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { UpstreamAddress } from "../../src/transport/upstream-address.ts";
import { ClientEngines, dialerFor } from "../support/client-dialing.ts";
import { h2Origin } from "../support/h2-origin.ts";

/** A server that takes connections and says nothing. */
async function silentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const address: UpstreamAddress = { transport: { type: "tcp", host: "127.0.0.1", port }, tls: undefined };
  return { address, sockets };
}

describe.each(["node", "hawser"] as const)("a pool of connections framed by %s", (engine) => {
  const openClient = ClientEngines[engine];

  test("opens as many at once as it takes for those who wait, and no more than there may be", async () => {
    const { address, sockets } = await silentServer();
    const { dial } = dialerFor(address, "h2", { openClient, maxStreams: 2, maxClients: 3 });
    const aborting = new AbortController();
    const { signal } = aborting;
    const some = Array.from({ length: 3 }, () => dial({ signal }));
    await vi.waitFor(() => expect(sockets.size).toBe(2));
    const more = Array.from({ length: 5 }, () => dial({ signal }));
    await vi.waitFor(() => expect(sockets.size).toBe(3));
    aborting.abort();
    expect(new Set((await Promise.all([...some, ...more])).map(({ type }) => type))).toEqual(new Set(["aborted"]));
    await vi.waitFor(() => expect([...sockets].every(({ destroyed }) => destroyed)).toBe(true));
  });

  test("lets so many wait beside those for whom one is being opened, and tells the others at once", async () => {
    const { address } = await silentServer();
    const { dial, dialer } = dialerFor(address, "h2", { openClient, maxStreams: 2, maxClients: 1, maxWaiting: 1 });
    const waiting = [dial(), dial(), dial()];
    expect(await dial()).toEqual({ type: "busy" });
    dialer.destroy();
    expect((await Promise.all(waiting)).map(({ type }) => type)).toEqual(["aborted", "aborted", "aborted"]);
  });

  test("gives up a connection that is not open in time, with all who wait for it", async () => {
    const { address, sockets } = await silentServer();
    const { dial, dialer } = dialerFor(address, "h2", { openClient, connectMs: 100 });
    const results = await Promise.all([dial(), dial()]);
    expect(results).toEqual([
      { type: "timeout", asked: false },
      { type: "timeout", asked: false },
    ]);
    await vi.waitFor(() => expect([...sockets].every(({ destroyed }) => destroyed)).toBe(true));
    expect(dialer.isUnused).toBe(true);
  });

  test("lets a dial have one deadline until it is asked, and another for the answer", async () => {
    const origin = await h2Origin({ onStream: () => undefined });
    const { dial } = dialerFor(origin.address, "h2", { openClient });
    expect(await dial({ timeoutMs: 60_000, answerTimeoutMs: 50 })).toEqual({ type: "timeout", asked: true });
    const { address } = await silentServer();
    const silent = dialerFor(address, "h2", { openClient });
    expect(await silent.dial({ timeoutMs: 50, answerTimeoutMs: 60_000 })).toEqual({ type: "timeout", asked: false });
  });

  test("serves who still comes when it is retired, and keeps nothing of that", async () => {
    const origin = await h2Origin();
    const { open, dialer } = dialerFor(origin.address, "h2", { openClient, idleMs: 20 });
    const first = await open();
    dialer.retire();
    const second = await open();
    expect(origin.connections).toEqual({ made: 2, open: 2 });
    first.stream.abort("cancel");
    second.stream.abort("cancel");
    await origin.until(() => origin.connections.open === 0);
    await vi.waitFor(() => expect(dialer.isUnused).toBe(true));
  });
});
