import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";

const TicksPerSecond = 100;
/** Characters of its error output that are kept. */
const MaxComplaint = 4_096;

/**
 * Starts `command` on the core `core`, or on any where that is undefined; resolves once somebody listens on `port`. Whoever
 * calls ends the process.
 *
 * @throws Error with what it has complained of, where it ends or does not listen.
 */
export async function startOnCore(
  core: string | undefined,
  port: number,
  ...command: [string, ...string[]]
): Promise<ChildProcess> {
  const [program, ...args] = core === undefined ? command : (["taskset", "-c", core, ...command] as const);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-MaxComplaint);
  });
  if (await listening(port, child)) return child;
  child.kill("SIGKILL");
  throw new Error(`nobody listens on port ${port}: ${complaints}`);
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

async function listening(port: number, child: ChildProcess): Promise<boolean> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
