import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { FirstBytes } from "../../src/transport/first-bytes.ts";
import { connectedSockets } from "../support/socket-pair.ts";
import { turns } from "../support/stream-observers.ts";

/** A client, the socket that is read, and what its reader was told. */
async function watched() {
  const { client, server } = await connectedSockets();
  onTestFinished(() => [client, server].forEach((socket) => socket.destroy()));
  const told: string[] = [];
  let onTold = (): void => undefined;
  const tell = (what: string): void => {
    told.push(what);
    onTold();
  };
  const bytes = new FirstBytes(server, { onBytes: (held) => tell(held.toString()), onGone: () => tell("gone") });
  /** Resolves when something more is told. */
  const more = (): Promise<void> => new Promise((resolve) => (onTold = resolve));
  return { client, server, bytes, told, more };
}

test("tells all that is held each time more comes, and gives it back to whoever reads next", async () => {
  const { client, server, bytes, told, more } = await watched();
  for (const part of ["one", ",two", ",three"]) {
    const next = more();
    client.write(part);
    await next;
  }
  expect(told).toEqual(["one", "one,two", "one,two,three"]);
  expect(bytes.consume(4).toString()).toBe("two,three");
  bytes.giveBack();
  client.end(",four");
  let read = "";
  server.on("data", (chunk: Buffer) => (read += chunk.toString()));
  await once(server, "end");
  expect(read).toBe("two,three,four");
  expect(told).toHaveLength(3);
});

test.each([
  { how: "ends its half", leave: "end" },
  { how: "resets the connection", leave: "resetAndDestroy" },
] as const)("tells once that a client $how, whatever it has sent", async ({ leave }) => {
  const { client, told, more } = await watched();
  const first = more();
  client.write("early");
  await first;
  const second = more();
  client[leave]();
  await second;
  await turns();
  expect(told).toEqual(["early", "gone"]);
});

test("holds no more than 64 KiB and what one read brings", async () => {
  const { client, server, told } = await watched();
  client.write(Buffer.alloc(8_000_000));
  const heldBytes = () => told.at(-1)?.length ?? 0;
  for (let before = -1; heldBytes() < 65_536 || before !== server.bytesRead;) {
    before = server.bytesRead;
    await turns(50);
  }
  expect(heldBytes()).toBeLessThan(3 * 65_536);
  expect(server.bytesRead).toBeLessThan(5 * 65_536);
});

test("tells nothing more once it is stopped", async () => {
  const { client, bytes, told } = await watched();
  bytes.stop();
  client.end("late");
  await turns();
  expect(told).toEqual([]);
});
