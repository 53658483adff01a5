import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocketClient } from "../../../src/websocket/client.ts";
import { createEchoClient, startEchoServer } from "./echo.ts";

const Program = "wstest";
const Agent = "hawser";
const StartMs = 30_000;

/** The original's verdict on one case. */
export interface OriginalVerdict {
  readonly behavior: string;
  readonly behaviorClose: string;
}
export type OriginalVerdicts = ReadonlyMap<string, OriginalVerdict>;

/** Whether the program is there to be run. */
export async function hasOriginal(): Promise<boolean> {
  const child = spawn(Program, ["--autobahnversion"], { stdio: "ignore" });
  return await once(child, "exit").then(
    () => true,
    () => false,
  );
}

/** Lets the original's client loose on our server. */
export async function judgeServer(): Promise<OriginalVerdicts> {
  const { server, port } = await startEchoServer();
  return await withFolder(async (folder) => {
    const spec = await specIn(folder, { servers: [{ agent: Agent, url: `ws://127.0.0.1:${port}` }] });
    const child = spawn(Program, ["-m", "fuzzingclient", "-s", spec], { stdio: "ignore", cwd: folder });
    await once(child, "exit");
    await server.close();
    return await verdictsIn(folder);
  });
}

/** Lets our client loose on the original's server. */
export async function judgeClient(): Promise<OriginalVerdicts> {
  const port = await freePort();
  return await withFolder(async (folder) => {
    const url = `ws://127.0.0.1:${port}`;
    const spec = await specIn(folder, { url });
    const child = spawn(Program, ["-m", "fuzzingserver", "-s", spec, "-u", "0"], { stdio: "ignore", cwd: folder });
    try {
      await answering(port);
      await runClient(url);
      return await verdictsIn(folder);
    } finally {
      child.kill();
    }
  });
}

async function runClient(url: string): Promise<void> {
  const asking = new WebSocketClient({ protocol: "h1" });
  const counting = await asking.connect(`${url}/getCaseCount`);
  const count = Number(await counting.receive());
  const echoing = createEchoClient("h1");
  for (let number = 1; number <= count; number++) {
    const connection = await echoing.connect(`${url}/runCase?case=${number}&agent=${Agent}`);
    await connection.closed;
  }
  // The last verdict stands when the last connection is gone.
  await echoing.close();
  const updating = await asking.connect(`${url}/updateReports?agent=${Agent}`);
  await updating.closed;
  await asking.close();
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-autobahn-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function specIn(folder: string, whom: object): Promise<string> {
  const path = join(folder, "spec.json");
  await writeFile(
    path,
    JSON.stringify({ outdir: join(folder, "reports"), cases: ["*"], "exclude-cases": [], ...whom }),
  );
  return path;
}

async function verdictsIn(folder: string): Promise<OriginalVerdicts> {
  const index = JSON.parse(await readFile(join(folder, "reports", "index.json"), "utf8")) as Record<
    string,
    Record<string, OriginalVerdict>
  >;
  return new Map(Object.entries(index[Agent] ?? {}));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("not a TCP port");
  return address.port;
}

async function answering(port: number): Promise<void> {
  const deadline = Date.now() + StartMs;
  while (Date.now() < deadline) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await pause(200);
  }
  throw new Error(`${Program} did not listen within ${StartMs} ms`);
}
