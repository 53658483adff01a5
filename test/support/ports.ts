import { once } from "node:events";
import { connect, createServer } from "node:net";
import { onTestFinished } from "vitest";

/** A port of 127.0.0.1 on which nobody listened just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("not a TCP port");
  return address.port;
}

/** Whether a connection to `port` of 127.0.0.1 is accepted. It lasts until the test is over. */
export async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  return await once(socket, "connect").then(
    () => true,
    () => false,
  );
}
