import { once } from "node:events";
import { setPriority } from "node:os";
import { connectH2, openH1EchoOn, openH2Echo, type CheckedEcho } from "./checked-echo.ts";
import { connectHeld, type HeldTls } from "./held-tls.ts";

// Runs in a process of its own, with IPC: its arguments are a port and how many clients there are, half of them over
// HTTP/1.1, half over HTTP/2. It says "ready" when each has its ClientHello at hand, and at the first message that comes they
// send them, all at once, as clients on many machines would. Each opens one WebSocket and has a message echoed. It sends what
// became of them, and ends with the channel. Its priority is the lowest: what it reckons takes nothing from who is measured.

/** What became of the clients of one process. */
export interface StormReport {
  /** Clients that had their message echoed. */
  readonly served: number;
  /** Why the others had not, each reason with its number. */
  readonly failed: Readonly<Record<string, number>>;
}

type Version = "1.1" | "2";

async function openOne({ socket }: HeldTls, port: number, version: Version): Promise<CheckedEcho> {
  if (version === "2") return await openH2Echo(await connectH2(port, socket), "/");
  await once(socket, "secureConnect");
  return await openH1EchoOn(socket, "/");
}

async function echoOne(echo: CheckedEcho): Promise<void> {
  await new Promise<void>((resolve) => {
    echo.onEcho = resolve;
    echo.send(100);
  });
}

async function storm(port: number, clients: number): Promise<StormReport> {
  const versions = Array.from({ length: clients }, (_, at): Version => (at % 2 === 0 ? "1.1" : "2"));
  const held = await Promise.all(versions.map((version) => connectHeld(port, version === "2" ? "h2" : "http/1.1")));
  const failed: Record<string, number> = {};
  let served = 0;
  const fates = versions.map(async (version, at) => {
    try {
      await echoOne(await openOne(held[at]!, port, version));
      served++;
    } catch (error) {
      const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
      failed[reason] = (failed[reason] ?? 0) + 1;
    }
  });
  process.send?.("ready");
  await once(process, "message");
  for (const { letGo } of held) letGo();
  await Promise.all(fates);
  return { served, failed };
}

setPriority(19);
process.on("disconnect", () => process.exit(0));
const [port = 0, clients = 0] = process.argv.slice(2).map(Number);
process.send?.(await storm(port, clients));
