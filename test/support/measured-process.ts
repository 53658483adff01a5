import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Holdings } from "./measured-gateway.ts";
import { withTestedEngine } from "./tested-engine.ts";

/** A gateway in a process of its own, with one cleartext listener, that can be asked what it holds. */
export interface MeasuredProcess {
  readonly pid: number;
  readonly port: number;
  /** What the process holds after a garbage collection. */
  holdings(): Promise<Holdings>;
  stop(): Promise<void>;
}

interface Message {
  readonly line?: string;
  readonly held?: Holdings;
}

/** Starts it on `config`, which names no listener. It looks at no file by itself: what that holds comes and goes. */
export async function startMeasuredProcess(config: Readonly<Record<string, unknown>>): Promise<MeasuredProcess> {
  const folder = await mkdtemp(join(tmpdir(), "measured-"));
  const file = join(folder, "hawser.yaml");
  const listeners = [{ name: "main", address: "127.0.0.1:0" }];
  const around = { listeners, admin: { address: "127.0.0.1:0" }, reload: { watch: false } };
  await writeFile(file, JSON.stringify(withTestedEngine({ ...around, ...config })));
  const child = fork(join(import.meta.dirname, "measured-gateway.ts"), [file], { execArgv: ["--expose-gc"] });
  const listening = /^listening main http:\/\/127\.0\.0\.1:(\d+)$/;
  const port = Number(await messageOf(child, ({ line = "" }) => listening.exec(line)?.[1]));
  return {
    pid: child.pid ?? 0,
    port,
    async holdings() {
      const held = messageOf(child, (message) => message.held);
      child.send("measure");
      return await held;
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

/** What `pick` finds in the first of the process's next messages that it finds something in. */
function messageOf<Found>(child: ChildProcess, pick: (message: Message) => Found | undefined): Promise<Found> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error("the measured gateway ended"));
    const look = (message: unknown): void => {
      const found = pick(message as Message);
      if (found === undefined) return;
      child.off("message", look);
      child.off("exit", gone);
      resolve(found);
    };
    child.on("message", look);
    child.once("exit", gone);
  });
}
