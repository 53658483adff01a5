import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { pythonFor } from "../support/tools.ts";
import {
  type ClientLibrary,
  type End,
  Inbox,
  Refused,
  type RunningServer,
  type ServerLibrary,
  Subprotocol,
  type ToldClose,
} from "./end.ts";

/** A line of what such a process tells; see python/ends.py. */
interface Told {
  readonly event: "listening" | "opened" | "refused" | "message" | "pong" | "closed";
  readonly id: string;
  readonly port: number;
  readonly status: number;
  readonly subprotocol: string;
  readonly extensions: string;
  readonly text?: string;
  readonly base64?: string;
  readonly code: number;
  readonly reason: string;
}

/** A library of Python, over HTTP/1.1: client and server, in one process that the first of them to be used starts. */
export function pythonLibrary(library: "websockets" | "wsproto"): {
  readonly client: ClientLibrary;
  readonly server: ServerLibrary;
} {
  let started: Promise<PythonEnds> | undefined;
  const ends = (): Promise<PythonEnds> => (started ??= spawnPython(library).then((child) => new PythonEnds(child)));
  const stop = async (): Promise<void> => {
    const running = started;
    started = undefined;
    await (await running)?.stop();
  };
  const abilities = {
    ...{ name: `Python ${library} over h1`, compresses: true, fragments: true, pings: true, aborts: true },
    httpVersion: "1.1" as const,
    // Neither has a way to leave the code out.
    bareClose: 1000 as const,
  };
  return {
    client: { ...abilities, tellsStatus: true, open: async (request) => (await ends()).open(request), stop },
    server: { ...abilities, start: async () => ({ ...(await (await ends()).listen()), stop }) },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

async function spawnPython(library: string): Promise<Child> {
  const { program, env } = await pythonFor(library);
  const script = join(import.meta.dirname, "python", `${library}_ends.py`);
  return spawn(program, [script], { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
}

/** The WebSockets of one process. */
class PythonEnds {
  readonly #child: Child;
  readonly #ends = new Map<string, PythonEnd>();
  readonly #answers = new Map<string, PromiseWithResolvers<Told>>();
  readonly #served = new Inbox<End>();
  #ids = 0;

  constructor(child: Child) {
    this.#child = child;
    child.stdin.on("error", () => undefined);
    createInterface(child.stdout).on("line", (line) => this.#take(JSON.parse(line) as Told));
    child.on("close", () => {
      for (const answer of this.#answers.values()) answer.reject(new Error("the process has ended"));
      this.#served.close();
    });
  }

  async listen(): Promise<Omit<RunningServer, "stop">> {
    const { port } = await this.#ask("listen", { subprotocols: [Subprotocol], deflate: true });
    return { url: `ws://127.0.0.1:${port}`, next: () => this.#served.take() };
  }

  async open(request: object): Promise<End> {
    const told = await this.#ask("open", request);
    if (told.event === "refused") throw new Refused(told.status);
    return this.#endOf(told);
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.kill();
    await closed;
  }

  #ask(command: string, facts: object): Promise<Told> {
    const id = `own-${(this.#ids += 1)}`;
    const answer = Promise.withResolvers<Told>();
    this.#answers.set(id, answer);
    this.#tell(command, id, facts);
    return answer.promise;
  }

  #tell(command: string, id: string, facts: object): void {
    this.#child.stdin.write(`${JSON.stringify({ command, id, ...facts })}\n`);
  }

  #take(told: Told): void {
    const answer = this.#answers.get(told.id);
    if (answer) {
      this.#answers.delete(told.id);
      // Made here, since its first message may be on the next line.
      if (told.event === "opened") this.#endOf(told);
      answer.resolve(told);
    } else if (told.event === "opened") {
      this.#served.push(this.#endOf(told));
    } else {
      this.#ends.get(told.id)?.take(told);
    }
  }

  #endOf(told: Told): PythonEnd {
    const known = this.#ends.get(told.id);
    const end = known ?? new PythonEnd(told, (command, facts = {}) => this.#tell(command, told.id, facts));
    this.#ends.set(told.id, end);
    return end;
  }
}

/** One of them. */
class PythonEnd implements End {
  readonly subprotocol: string;
  readonly extensions: string;
  readonly #tell: (command: string, facts?: object) => void;
  readonly #inbox = new Inbox<string | Uint8Array>();
  readonly #pongs = new Inbox<Told>();
  readonly #closed = Promise.withResolvers<ToldClose>();

  constructor(opened: Told, tell: (command: string, facts?: object) => void) {
    this.subprotocol = opened.subprotocol;
    this.extensions = opened.extensions;
    this.#tell = tell;
  }

  get closed(): Promise<ToldClose> {
    return this.#closed.promise;
  }

  take(told: Told): void {
    if (told.event === "message") {
      this.#inbox.push(told.text ?? new Uint8Array(Buffer.from(told.base64 ?? "", "base64")));
    } else if (told.event === "pong") {
      this.#pongs.push(told);
    } else {
      this.#inbox.close();
      this.#pongs.close();
      this.#closed.resolve({ code: told.code, reason: told.reason });
    }
  }

  send(message: string | Uint8Array, fragments = 1): void {
    const content =
      typeof message === "string" ? { text: message } : { base64: Buffer.from(message).toString("base64") };
    this.#tell("send", { ...content, fragments });
  }

  receive(): Promise<string | Uint8Array> {
    return this.#inbox.take();
  }

  ping(): Promise<unknown> {
    this.#tell("ping");
    return this.#pongs.take();
  }

  close(code?: number, reason = ""): void {
    this.#tell("close", { code: code ?? null, reason });
  }

  abort(): void {
    this.#tell("abort");
  }
}
