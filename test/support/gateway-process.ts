import { spawn, type ChildProcessByStdio } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { parseExposition, type Exposition } from "./exposition.ts";
import { withTestedEngine } from "./tested-engine.ts";

/** A running `hawser run`. */
export interface GatewayProcess {
  readonly pid: number;
  /** Base URL by listener name, as `https://127.0.0.1:41234`. */
  readonly listeners: ReadonlyMap<string, string>;
  /** Base URL of the admin port. */
  readonly admin: string;
  /** What it wrote so far, both outputs. */
  readonly log: string;
  /** Scrapes `/metrics`. */
  metrics(): Promise<Exposition>;
  signal(name: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGKILL"): void;
  /** Replaces a file of the folder that holds the configuration, which is `hawser.yaml`, at one stroke. */
  replaceFile(name: string, content: string): Promise<void>;
  /** Replaces the configuration. */
  replaceConfig(config: GatewayConfig): Promise<void>;
  /** Resolves with the exit code when the process is gone; -1 where a signal ended it. */
  readonly exited: Promise<number>;
  /** Sends SIGTERM and waits for the end. Harmless when repeated. */
  stop(): Promise<number>;
}

/** A configuration as in YAML; the tests look into its listeners alone. */
export interface GatewayConfig {
  readonly listeners: readonly object[];
  readonly [section: string]: unknown;
}

const Defaults = { admin: { address: "127.0.0.1:0" }, log: { format: "text" } };

const StartMs = 15_000;
const Main = join(import.meta.dirname, "../../src/cli/main.ts");
const AddressLine = /(?:listening (?<listener>\S+)|admin) (?<url>https?:\/\/\S+)$/gm;

/**
 * Starts the real process on `config`, in a folder of its own that is removed at the end. Beside the config stand `files`,
 * by name. An admin port is added, and the log is text. It may have `openFiles` descriptors, if that is told. Every port
 * should be 0: the process says which ones it got.
 *
 * @throws Error with what the process wrote, where it ends or is silent instead of listening.
 */
export async function startGateway(
  config: GatewayConfig,
  files: Readonly<Record<string, string>> = {},
  openFiles?: number,
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), "hawser-gateway-"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const replaceFile = async (name: string, content: string): Promise<void> => {
    await writeFile(join(folder, `.${name}`), content);
    await rename(join(folder, `.${name}`), join(folder, name));
  };
  // JSON is YAML.
  const replaceConfig = (next: GatewayConfig): Promise<void> =>
    replaceFile("hawser.yaml", JSON.stringify(withTestedEngine({ ...Defaults, ...next }), undefined, 2));
  await replaceConfig(config);

  const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles} && `;
  const command = [process.execPath, Main, "run", join(folder, "hawser.yaml")];
  const child = spawn("sh", ["-c", `${limit}exec "$0" "$@"`, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  const output = outputOf(child);
  const exited = once(child, "exit").then(async ([code]: unknown[]) => {
    await rm(folder, { recursive: true, force: true });
    return typeof code === "number" ? code : -1;
  });
  const isListening = output.until((text) => addressesIn(text).size > config.listeners.length, StartMs);
  if (!(await Promise.race([isListening, exited.then(() => false)]))) {
    child.kill("SIGKILL");
    await exited;
    throw new Error(`hawser did not come to listen:\n${output.text}`);
  }
  const addresses = addressesIn(output.text);
  const admin = addresses.get("") ?? "";
  return {
    pid: child.pid ?? 0,
    listeners: addresses,
    admin,
    get log() {
      return output.text;
    },
    async metrics() {
      return parseExposition(await (await fetch(`${admin}/metrics`)).text());
    },
    signal: (name) => void child.kill(name),
    replaceFile,
    replaceConfig,
    exited,
    stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** Base URL by listener name; the admin port's name is empty. */
function addressesIn(log: string): ReadonlyMap<string, string> {
  const lines = Array.from(log.matchAll(AddressLine), ({ groups }) => groups ?? {});
  return new Map(lines.map((line) => [line["listener"] ?? "", line["url"] ?? ""]));
}

/** Gathers what a process writes, and tells when it says what is waited for (`true`), or that it did not in time. */
function outputOf(child: ChildProcessByStdio<null, Readable, Readable>) {
  let text = "";
  const grown = new EventEmitter();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      grown.emit("more");
    });
  }
  return {
    get text() {
      return text;
    },
    until: (isSaid: (text: string) => boolean, timeoutMs: number): Promise<boolean> =>
      new Promise((resolve) => {
        grown.on("more", () => isSaid(text) && resolve(true));
        setTimeout(resolve, timeoutMs, false).unref();
      }),
  };
}
