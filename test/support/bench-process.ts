import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";

const TicksPerSecond = 100;

/** Starts `command` on the core `core`; resolves once somebody listens on `port`. Whoever calls ends the process. */
export async function startOnCore(
  core: string,
  port: number,
  ...command: [string, ...string[]]
): Promise<ChildProcess> {
  const child = spawn("taskset", ["-c", core, ...command], { stdio: ["ignore", "ignore", "inherit"] });
  await listening(port);
  return child;
}

/** CPU of a process and of those it has started, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  const own = (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
  const theirs = await Promise.all((await childrenOf(pid)).map(cpuSeconds));
  return theirs.reduce((sum, one) => sum + one, own);
}

/** The processes that `pid` has started and that live. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
  return children.split(" ").filter(Boolean).map(Number);
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on port ${port}`);
}
